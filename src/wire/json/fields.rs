//! Readers of one value each, whose errors name the field.

use crate::types::{Metadata, NodeId};
use crate::wire::MAX_TEXT_BYTES;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// An integer from `least` to `most`; it must fit a `T` then.
pub(super) struct Integer<T> {
    field: &'static str,
    least: i64,
    most: u64,
    made: PhantomData<T>,
}

impl<T> Integer<T> {
    pub(super) const fn new(field: &'static str, least: i64, most: u64) -> Self {
        Self { field, least, most, made: PhantomData }
    }

    pub(super) const fn up_to(field: &'static str, most: u64) -> Self {
        Self::new(field, 0, most)
    }

    /// Any unsigned number; which of them exist is for the core to say (P-4).
    pub(super) const fn counter(field: &'static str) -> Self {
        Self::new(field, 0, u64::MAX)
    }
}

impl<'de, T: TryFrom<i128>> DeserializeSeed<'de> for Integer<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_u64(self)
    }
}

impl<T: TryFrom<i128>> Integer<T> {
    fn check<E: Error>(&self, value: i128) -> Result<T, E> {
        let range = i128::from(self.least)..=i128::from(self.most);
        let number = if range.contains(&value) { T::try_from(value).ok() } else { None };
        number.ok_or_else(|| {
            let Self { field, least, most, .. } = self;
            E::custom(format!("`{field}` is {value}, not {least} to {most}"))
        })
    }
}

impl<T: TryFrom<i128>> Visitor<'_> for Integer<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer for `{}`", self.field)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.check(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.check(value.into())
    }
}

/// An id as 16 bytes of one or two hex digits with commas between.
pub(super) struct Id(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for Id {
    type Value = NodeId;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeId, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Id {
    type Value = NodeId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "16 hex bytes with commas between for `{}`", self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NodeId, E> {
        read_id(text).ok_or_else(|| {
            E::custom(format!("`{}` is not 16 hex bytes with commas between", self.0))
        })
    }
}

fn read_id(text: &str) -> Option<NodeId> {
    let mut bytes = [0; 16];
    let mut parts = text.split(',');
    for byte in &mut bytes {
        let part = parts.next()?;
        // The check on the digits keeps out the sign that the parser would take.
        if part.len() > 2 || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    if parts.next().is_some() { None } else { Some(NodeId::new(bytes)) }
}

/// A text of at most [`MAX_TEXT_BYTES`].
pub(super) struct Text(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string for `{}`", self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if text.len() > MAX_TEXT_BYTES {
            let (field, bytes) = (self.0, text.len());
            return Err(E::custom(format!(
                "`{field}` has {bytes} bytes, at most {MAX_TEXT_BYTES} are carried"
            )));
        }
        Ok(text.into())
    }
}

/// A string that is borrowed from the input unless it had to be unescaped.
struct Borrowed<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Borrowed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BorrowedVisitor;

        impl<'de> Visitor<'de> for BorrowedVisitor {
            type Value = Borrowed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string in `metadata`")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Borrowed(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Borrowed(Cow::Owned(text.into())))
            }
        }

        deserializer.deserialize_str(BorrowedVisitor)
    }
}

/// The metadata of an entry; `None` for an empty object.
pub(super) struct Pairs;

impl<'de> DeserializeSeed<'de> for Pairs {
    type Value = Option<Arc<Metadata>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pairs {
    type Value = Option<Arc<Metadata>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings for `metadata`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Borrowed(key), Borrowed(value))) = map.next_entry()? {
            pairs.push((key, value));
        }
        if pairs.is_empty() {
            return Ok(None);
        }
        let metadata = Metadata::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)));
        let metadata = metadata.map_err(|_| {
            A::Error::custom(format!("`metadata` has more than {} bytes", Metadata::MAX_BYTES))
        })?;
        Ok(Some(Arc::new(metadata)))
    }
}

/// A value that is read and thrown away. Unlike serde's `IgnoredAny` it is checked as closely as
/// any other, nesting and numbers and UTF-8 included.
pub(super) struct Skip;

impl<'de> Deserialize<'de> for Skip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}
