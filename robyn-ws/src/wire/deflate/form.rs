//! The forms of a message on the wire.

use crate::wire::deflate::Parameters;

/// The form in which a connection gets its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// No message is compressed.
    #[default]
    Plain,
    /// Each message is compressed on its own, for this window.
    Shared(Window),
    /// Each message is compressed behind those before it, by the connection's task.
    Own,
}

/// A window for messages that are compressed on their own. A client that asks for another one gets the next smaller one:
/// so a broadcast is compressed three times at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    Large,
    Medium,
    Small,
}

impl Window {
    pub(super) const ALL: [Self; 3] = [Self::Large, Self::Medium, Self::Small];

    /// Returns the largest window of at most two to the power of `bits` bytes, for 9 to 15 bits.
    pub(crate) const fn of_at_most(bits: u8) -> Self {
        match bits {
            15.. => Self::Large,
            12..15 => Self::Medium,
            _ => Self::Small,
        }
    }

    /// Returns the size of the window, as the power of two.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Self::Large => 15,
            Self::Medium => 12,
            Self::Small => 9,
        }
    }

    pub(super) const fn parameters(self, level: u8) -> Parameters {
        Parameters {
            level,
            window: self.bits(),
        }
    }
}

impl Form {
    /// Number of forms.
    pub(crate) const COUNT: usize = 5;

    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Returns the place of the form in an array of all forms.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Shared(Window::Large) => 1,
            Self::Shared(Window::Medium) => 2,
            Self::Shared(Window::Small) => 3,
            Self::Own => 4,
        }
    }

    /// Returns all forms, in the order of their indexes.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let shared = Window::ALL.into_iter().map(Self::Shared);
        [Self::Plain].into_iter().chain(shared).chain([Self::Own])
    }
}

/// A set of forms. Each set has the plain form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forms(u8);

impl Forms {
    pub(crate) const fn add(&mut self, form: Form) {
        if !matches!(form, Form::Plain) {
            self.0 |= 1 << form.index();
        }
    }

    pub(crate) const fn add_all(&mut self, others: Self) {
        self.0 |= others.0;
    }

    pub(crate) const fn is_only_plain(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn has(self, form: Form) -> bool {
        matches!(form, Form::Plain) || self.0 & (1 << form.index()) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_numbered_in_order_and_kept_in_a_set() {
        let mut forms = Forms::default();
        assert!(forms.is_only_plain() && forms.has(Form::Plain));
        for (index, form) in Form::all().enumerate() {
            assert_eq!(form.index(), index);
            assert_eq!(forms.has(form), form == Form::Plain);
            forms.add(form);
            assert!(forms.has(form));
        }
        assert_eq!(Form::all().count(), Form::COUNT);
    }

    #[test]
    fn window_is_at_most_the_one_asked_for() {
        for bits in 9..=15 {
            assert!(Window::of_at_most(bits).bits() <= bits, "{bits}");
        }
        assert_eq!(Window::ALL.map(|window| Window::of_at_most(window.bits())), Window::ALL);
    }
}
