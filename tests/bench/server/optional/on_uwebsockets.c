/* uWebSockets (C++) through the C interface of the library in the Python package socketify, without Python:
   `uwebsockets PORT`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used here of the interface, as of socketify 0.0.31, which has it in its `native.py`. */
typedef struct App App;
typedef struct Context Context;
typedef struct Loop Loop;
typedef struct ListenSocket ListenSocket;
typedef struct Request Request;
typedef struct Response Response;
typedef struct WebSocket WebSocket;
typedef enum { TEXT = 1 } Opcode;

typedef void (*OnSocket)(WebSocket *socket, void *data);
typedef void (*OnText)(WebSocket *socket, const char *text, size_t length, void *data);

typedef struct {
    int compression;
    unsigned int max_payload_length;
    unsigned short idle_timeout;
    unsigned int max_backpressure;
    bool close_on_backpressure_limit;
    bool reset_idle_timeout_on_send;
    bool send_pings_automatically;
    unsigned short max_lifetime;
    void (*upgrade)(Response *response, Request *request, Context *context, void *data);
    OnSocket open;
    void (*message)(WebSocket *socket, const char *text, size_t length, Opcode opcode, void *data);
    OnSocket drain;
    OnText ping;
    OnText pong;
    void (*close)(WebSocket *socket, int code, const char *reason, size_t length, void *data);
    void (*subscription)(WebSocket *socket, const char *topic, size_t length, int now, int before, void *data);
} Behavior;

typedef struct {
    int port;
    const char *host;
    int options;
} Listening;

typedef struct {
    const char *files_and_ciphers[6];
    int prefers_low_memory;
} Tls;

App *uws_create_app(int tls, Tls options);
void uws_ws(int tls, App *app, const char *pattern, Behavior behavior, void *data);
void uws_app_listen_with_config(
    int tls, App *app, Listening config, void (*handler)(ListenSocket *socket, Listening config, void *data), void *data
);
void uws_app_run(int tls, App *app);
bool uws_publish(
    int tls, App *app, const char *topic, size_t topic_length, const char *text, size_t length, Opcode opcode,
    bool compress
);
size_t uws_req_get_header(Request *request, const char *name, size_t name_length, const char **value);
size_t uws_req_get_parameter(Request *request, unsigned short index, const char **value);
void uws_res_upgrade(
    int tls, Response *response, void *data, const char *key, size_t key_length, const char *protocol,
    size_t protocol_length, const char *extensions, size_t extensions_length, Context *context
);
int uws_ws_send(int tls, WebSocket *socket, const char *text, size_t length, Opcode opcode);
bool uws_ws_subscribe(int tls, WebSocket *socket, const char *topic, size_t length);
void *uws_ws_get_user_data(int tls, WebSocket *socket);

enum { PLAIN = 0 };

static const char EVERYONE[] = "everyone";

static App *app;

static void echo(WebSocket *socket, const char *text, size_t length, Opcode opcode, void *data) {
    (void)data;
    uws_ws_send(PLAIN, socket, text, length, opcode);
}

static void enter_all(WebSocket *socket, void *data) {
    (void)data;
    uws_ws_subscribe(PLAIN, socket, EVERYONE, strlen(EVERYONE));
}

static void tell_all(WebSocket *socket, const char *text, size_t length, Opcode opcode, void *data) {
    (void)socket, (void)data;
    uws_publish(PLAIN, app, EVERYONE, strlen(EVERYONE), text, length, opcode, false);
}

/* The name of the room becomes the data of the socket. */
static void choose_room(Response *response, Request *request, Context *context, void *data) {
    (void)data;
    const char *room, *key;
    size_t room_length = uws_req_get_parameter(request, 0, &room);
    size_t key_length = uws_req_get_header(request, "sec-websocket-key", strlen("sec-websocket-key"), &key);
    uws_res_upgrade(PLAIN, response, strndup(room, room_length), key, key_length, "", 0, "", 0, context);
}

static void enter_room(WebSocket *socket, void *data) {
    (void)data;
    const char *room = uws_ws_get_user_data(PLAIN, socket);
    uws_ws_subscribe(PLAIN, socket, room, strlen(room));
}

static void tell_room(WebSocket *socket, const char *text, size_t length, Opcode opcode, void *data) {
    (void)data;
    const char *room = uws_ws_get_user_data(PLAIN, socket);
    uws_publish(PLAIN, app, room, strlen(room), text, length, opcode, false);
}

static void leave_room(WebSocket *socket, int code, const char *reason, size_t length, void *data) {
    (void)code, (void)reason, (void)length, (void)data;
    free(uws_ws_get_user_data(PLAIN, socket));
}

static void check(ListenSocket *socket, Listening config, void *data) {
    (void)data;
    if (socket == NULL) {
        fprintf(stderr, "error: cannot listen on port %d\n", config.port);
        exit(EXIT_FAILURE);
    }
}

int main(int count, char **words) {
    if (count != 2) {
        fprintf(stderr, "usage: uwebsockets PORT\n");
        return EXIT_FAILURE;
    }
    app = uws_create_app(PLAIN, (Tls){0});
    /* What is longer is refused, and a client for whom more waits misses messages. */
    Behavior behavior = {.max_payload_length = 1024 * 1024, .max_backpressure = 1024 * 1024, .idle_timeout = 120};

    Behavior echoes = behavior;
    echoes.message = echo;
    uws_ws(PLAIN, app, "/echo", echoes, NULL);

    Behavior broadcasts = behavior;
    broadcasts.open = enter_all;
    broadcasts.message = tell_all;
    uws_ws(PLAIN, app, "/fan_out", broadcasts, NULL);

    Behavior rooms = behavior;
    rooms.upgrade = choose_room;
    rooms.open = enter_room;
    rooms.message = tell_room;
    rooms.close = leave_room;
    uws_ws(PLAIN, app, "/rooms/:room", rooms, NULL);

    uws_app_listen_with_config(PLAIN, app, (Listening){.port = atoi(words[1]), .host = "127.0.0.1"}, check, NULL);
    uws_app_run(PLAIN, app);
}
