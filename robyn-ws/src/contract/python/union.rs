//! The alternatives of a type.

use serde_json::Value;

use crate::contract::python::text::literal;

/// The alternatives of a type, without doubles, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Union {
    literals: Vec<String>,
    others: Vec<String>,
    has_none: bool,
    /// Any value at all.
    is_any: bool,
}

impl Union {
    pub(super) fn any() -> Self {
        Self {
            is_any: true,
            ..Self::default()
        }
    }

    pub(super) fn none() -> Self {
        Self {
            has_none: true,
            ..Self::default()
        }
    }

    pub(super) fn of(ty: impl Into<String>) -> Self {
        Self {
            others: vec![ty.into()],
            ..Self::default()
        }
    }

    /// Returns the type of exactly these values, as far as Python has one.
    pub(super) fn of_values<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut union = Self::default();
        for value in values {
            match value {
                Value::Null => union.has_none = true,
                Value::Bool(true) => union.add_literal("True".to_owned()),
                Value::Bool(false) => union.add_literal("False".to_owned()),
                Value::Number(number) if number.is_f64() => union.add_other("float".to_owned()),
                Value::Number(number) => union.add_literal(number.to_string()),
                Value::String(text) => union.add_literal(literal(text)),
                Value::Array(_) => union.add_other("list[Any]".to_owned()),
                Value::Object(_) => union.add_other("dict[str, Any]".to_owned()),
            }
        }
        union
    }

    pub(super) fn add(&mut self, other: Self) {
        other.literals.into_iter().for_each(|literal| self.add_literal(literal));
        other.others.into_iter().for_each(|ty| self.add_other(ty));
        self.has_none |= other.has_none;
        self.is_any |= other.is_any;
    }

    fn add_literal(&mut self, literal: String) {
        if !self.literals.contains(&literal) {
            self.literals.push(literal);
        }
    }

    fn add_other(&mut self, ty: String) {
        if !self.others.contains(&ty) {
            self.others.push(ty);
        }
    }

    /// Returns `true` if the type refers to no other one, so that it need not be quoted.
    pub(super) fn is_plain(&self) -> bool {
        let is_simple = |ty: &String| ["bool", "float", "int", "str"].contains(&ty.as_str());
        self.is_any || self.others.iter().all(is_simple) && !(self.literals.is_empty() && self.others.is_empty())
    }

    /// Returns the type as it is written.
    pub(super) fn written(&self) -> String {
        if self.is_any {
            return "Any".to_owned();
        }
        let literals = (!self.literals.is_empty()).then(|| format!("Literal[{}]", self.literals.join(", ")));
        let none = self.has_none.then(|| "None".to_owned());
        let all: Vec<_> = literals
            .into_iter()
            .chain(self.others.iter().cloned())
            .chain(none)
            .collect();
        if all.is_empty() {
            return "NoReturn".to_owned();
        }
        all.join(" | ")
    }
}

impl FromIterator<Self> for Union {
    fn from_iter<I: IntoIterator<Item = Self>>(unions: I) -> Self {
        let mut all = Self::default();
        unions.into_iter().for_each(|union| all.add(union));
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn alternatives_are_written_once_and_none_last() {
        let values = [json!(null), json!("a"), json!(1), json!("a"), json!(true), json!(1.5)];
        let mut union = Union::of_values(&values);
        assert_eq!(union.written(), r#"Literal["a", 1, True] | float | None"#);
        union.add(Union::of("float"));
        union.add(Union::of("list[A]"));
        assert_eq!(union.written(), r#"Literal["a", 1, True] | float | list[A] | None"#);
        assert!(!union.is_plain());
        union.add(Union::any());
        assert_eq!(union.written(), "Any");
        assert_eq!(Union::default().written(), "NoReturn");
        assert_eq!(Union::none().written(), "None");
    }
}
