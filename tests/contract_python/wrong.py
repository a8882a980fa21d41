from contract import Answer, Talk, TalkCalls, TalkMixed


async def use(talk: Talk, mixed: TalkMixed, calls: TalkCalls) -> None:
    Talk("ws://host", room=1, query={"token": ""})  # wrong
    Talk("ws://host", query={"token": ""})  # wrong
    Talk("ws://host", room="")  # wrong
    Talk("ws://host", room="", query={})  # wrong
    Talk("ws://host", room="", query={"token": "", "other": 1})  # wrong
    await talk.send({"text": "", "times": 1})
    await talk.send({"text": ""})
    await talk.send({"times": 1})  # wrong
    await talk.send("")  # wrong
    await mixed.send(b"")  # wrong
    async for message in talk:
        if message["type"] == "Said":
            print(message["text"])
            print(message["token"])  # wrong
        if message["type"] == "Left":  # wrong
            pass
    async for other in mixed:
        other.upper()  # wrong
    result: str = await calls.call_math_add([1, 2])  # wrong
    await calls.call_math_add(["1"])  # wrong
    await calls.call_nothing(None)  # wrong
    await calls.call_missing()  # wrong
    calls.on_count(count)
    calls.on_said(count)  # wrong
    calls.answer_confirm(answer)
    calls.answer_confirm(count)  # wrong
    Talk.CLOSE_POLICY = 1  # wrong


def count(number: int) -> None:
    pass


async def answer(text: str) -> Answer:
    return {"number": 1}
