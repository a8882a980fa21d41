//! Queues that take little memory while they are empty, as most queues of most connections are.

use std::collections::VecDeque;

/// Initial capacity of a queue that needs memory: a usual burst.
const BURST: usize = 16;

/// A queue that takes one word while it is empty.
#[derive(Debug)]
#[expect(clippy::box_collection, reason = "the box is what makes it one word")]
pub(crate) struct RareQueue<T>(Option<Box<VecDeque<T>>>);

impl<T> Default for RareQueue<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> RareQueue<T> {
    fn items(&mut self) -> &mut VecDeque<T> {
        self.0.get_or_insert_with(|| Box::new(VecDeque::with_capacity(BURST)))
    }

    pub(crate) fn push_back(&mut self, item: T) {
        self.items().push_back(item);
    }

    pub(crate) fn push_front(&mut self, item: T) {
        self.items().push_front(item);
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let items = self.0.as_mut()?;
        let item = items.pop_front();
        if items.is_empty() {
            self.0 = None;
        }
        item
    }

    pub(crate) fn pop_back(&mut self) -> Option<T> {
        let items = self.0.as_mut()?;
        let item = items.pop_back();
        if items.is_empty() {
            self.0 = None;
        }
        item
    }

    fn back_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()?.back_mut()
    }

    fn get(&self, place: usize) -> Option<&T> {
        self.0.as_ref()?.get(place)
    }

    fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.0.as_mut()?.get_mut(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |items| items.len())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|items| items.iter())
    }
}

/// A queue with inline space for its first item: most messages come and go one at a time.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// `None` only if the queue is empty.
    first: Option<T>,
    rest: RareQueue<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: None,
            rest: RareQueue(None),
        }
    }

    #[inline]
    pub(crate) fn push_back(&mut self, item: T) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            self.rest.push_back(item);
        }
    }

    pub(crate) fn push_front(&mut self, item: T) {
        if let Some(second) = self.first.replace(item) {
            self.rest.push_front(second);
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let first = self.first.take();
        self.first = self.rest.pop_front();
        first
    }

    pub(crate) fn back_mut(&mut self) -> Option<&mut T> {
        self.rest.back_mut().or(self.first.as_mut())
    }

    pub(crate) const fn front(&self) -> Option<&T> {
        self.first.as_ref()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&T> {
        match place.checked_sub(1) {
            None => self.first.as_ref(),
            Some(place) => self.rest.get(place),
        }
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        match place.checked_sub(1) {
            None => self.first.as_mut(),
            Some(place) => self.rest.get_mut(place),
        }
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.rest.iter())
    }

    /// Appends all of `others`.
    pub(crate) fn append(&mut self, others: VecDeque<T>) {
        for item in others {
            self.push_back(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_keeps_the_order_of_a_double_ended_one() {
        let (mut queue, mut model) = (Queue::new(), VecDeque::new());
        for step in 0..200_u32 {
            match step * 7919 % 5 {
                0 | 1 => {
                    queue.push_back(step);
                    model.push_back(step);
                }
                2 if step % 3 == 0 => {
                    queue.push_front(step);
                    model.push_front(step);
                }
                _ => assert_eq!(queue.pop_front(), model.pop_front()),
            }
            assert!(queue.iter().eq(&model), "after step {step}");
            assert_eq!((queue.len(), queue.front()), (model.len(), model.front()));
            assert_eq!(queue.back_mut(), model.back_mut());
            assert_eq!(queue.is_empty(), model.is_empty());
            for place in 0..=model.len() {
                assert_eq!(queue.get(place), model.get(place));
                assert_eq!(queue.get_mut(place), model.get_mut(place));
            }
        }
    }

    #[test]
    fn emptied_queue_keeps_no_memory() {
        let mut queue = Queue::new();
        (0..100).for_each(|item| queue.push_back(item));
        while queue.pop_front().is_some() {}
        assert!(queue.rest.is_empty());
    }
}
