//! Types as they are written.

use std::fmt;

/// The longest line of a union.
const WIDTH: usize = 100;

/// A type of TypeScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A name or a literal.
    Atom(String),
    Object(String),
    Tuple(String),
    Array(Box<Type>),
    /// At least two, each once.
    Union(Vec<Type>),
    /// At least two, each once.
    Intersection(Vec<Type>),
}

impl Type {
    /// Any value.
    pub(super) fn unknown() -> Self {
        Self::Atom("unknown".to_owned())
    }

    /// No value.
    pub(super) fn never() -> Self {
        Self::Atom("never".to_owned())
    }

    /// Returns the type of all these values, of which some are optional, and of the values after them.
    pub(super) fn tuple(elements: Vec<(Self, bool)>, rest: Option<Self>) -> Self {
        let elements = elements.into_iter().map(|(ty, is_optional)| {
            if is_optional {
                format!("({ty})?")
            } else {
                ty.to_string()
            }
        });
        let rest = rest.map(|ty| format!("...{}", Self::Array(Box::new(ty))));
        let elements: Vec<_> = elements.chain(rest).collect();
        Self::Tuple(format!("[{}]", elements.join(", ")))
    }

    pub(super) fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for ty in types {
            match ty {
                Self::Union(types) => all.extend(types),
                ty => all.push(ty),
            }
        }
        if all.contains(&Self::unknown()) {
            return Self::unknown();
        }
        all.retain(|ty| *ty != Self::never());
        Self::of(all, Self::never(), Self::Union)
    }

    pub(super) fn intersection(types: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<_> = types.into_iter().collect();
        if all.contains(&Self::never()) {
            return Self::never();
        }
        all.retain(|ty| *ty != Self::unknown());
        Self::of(all, Self::unknown(), Self::Intersection)
    }

    fn of(types: Vec<Self>, none: Self, several: fn(Vec<Self>) -> Self) -> Self {
        let mut all = Vec::with_capacity(types.len());
        for ty in types {
            if !all.contains(&ty) {
                all.push(ty);
            }
        }
        match all.len() {
            0 => none,
            1 => all.remove(0),
            _ => several(all),
        }
    }

    /// Returns the type for a declaration, with the space or the lines before it: one for each part of a long union.
    pub(super) fn in_lines(&self) -> String {
        let line = self.to_string();
        match self {
            Self::Union(types) if line.len() > WIDTH || line.contains('\n') => {
                let lines = types.iter().map(|ty| format!("\n  | {}", ty.in_union()));
                lines.collect()
            }
            _ => format!(" {line}"),
        }
    }

    fn in_union(&self) -> String {
        match self {
            Self::Intersection(_) => format!("({self})"),
            ty => ty.to_string(),
        }
    }

    fn in_parentheses(&self) -> String {
        match self {
            Self::Union(_) | Self::Intersection(_) => format!("({self})"),
            ty => ty.to_string(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |types: &[Self], part: fn(&Self) -> String, between: &str| {
            types.iter().map(part).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Atom(text) | Self::Object(text) | Self::Tuple(text) => f.write_str(text),
            Self::Array(element) => write!(f, "{}[]", element.in_parentheses()),
            Self::Union(types) => f.write_str(&joined(types, Self::in_union, " | ")),
            Self::Intersection(types) => f.write_str(&joined(types, Self::in_parentheses, " & ")),
        }
    }
}
