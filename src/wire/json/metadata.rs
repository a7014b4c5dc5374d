//! The metadata of an entry, put into its packed form straight from the text.

use super::reader::TextReader;
use super::string::Quoted;
use crate::types::{Metadata, varint};
use crate::wire::Error;
use crate::wire::room::Room;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Reads an object of strings; `None` for an empty one. Of equal keys the last one counts.
///
/// The object is walked once to check it and to learn what it takes, and again to copy it. Its
/// pairs are sorted already where one of us or 1.4.2 wrote it. Else they are sorted by a list of
/// their places in the text, which takes less than they do.
pub(super) fn read(
    reader: &mut TextReader<'_>,
    room: &mut Room,
) -> Result<Option<Arc<Metadata>>, Error> {
    let start = reader.clone();
    let walked = walk(reader)?;
    if walked.count == 0 {
        return Ok(None);
    }
    let packed = if walked.is_sorted {
        pack(reader, room, walked.sum, pairs(start))?
    } else {
        if !room.take(walked.count * size_of::<u32>()) {
            return Err(reader.too_much());
        }
        let places = sorted_places(&start, walked.count);
        let mut sum = Sum::default();
        chosen(&start, &places).for_each(|pair| sum.add(&pair));
        let packed = pack(reader, room, sum, chosen(&start, &places))?;
        room.give_back(walked.count * size_of::<u32>());
        packed
    };
    let metadata = Metadata::from_packed(packed);
    metadata
        .map(|metadata| Some(Arc::new(metadata)))
        .map_err(|error| reader.flaw(format_args!("`metadata`: {error}")))
}

type Pair<'a> = (Quoted<'a>, Quoted<'a>);

/// What some pairs take.
#[derive(Default)]
struct Sum {
    text: usize,
    packed: usize,
}

impl Sum {
    fn add(&mut self, pair: &Pair<'_>) {
        for len in [pair.0.len(), pair.1.len()] {
            self.text += len;
            self.packed += varint::len(len as u64) + len;
        }
    }
}

/// What was learned of an object.
struct Walked {
    count: usize,
    is_sorted: bool,
    sum: Sum,
}

fn walk(reader: &mut TextReader<'_>) -> Result<Walked, Error> {
    let mut walked = Walked { count: 0, is_sorted: true, sum: Sum::default() };
    let mut last: Option<Quoted<'_>> = None;
    reader.begin(b'{', format_args!("an object of strings for `metadata`"))?;
    while let Some(pair) = next(reader)? {
        walked.is_sorted &= last.is_none_or(|last| last.order(&pair.0).is_lt());
        walked.sum.add(&pair);
        walked.count += 1;
        last = Some(pair.0);
    }
    Ok(walked)
}

/// The next pair of an object that was begun.
fn next<'a>(reader: &mut TextReader<'a>) -> Result<Option<Pair<'a>>, Error> {
    let Some(key) = reader.next_key()? else { return Ok(None) };
    Ok(Some((key, reader.string(format_args!("a string in `metadata`"))?)))
}

/// The pairs of an object that was walked.
fn pairs(mut reader: TextReader<'_>) -> impl Iterator<Item = Pair<'_>> {
    let is_object = reader.begin(b'{', format_args!("")).is_ok();
    core::iter::from_fn(move || next(&mut reader).ok().flatten().filter(|_| is_object))
}

/// The places of all keys of an object that was walked, in the order of the keys and, where those
/// are equal, of the text.
fn sorted_places(start: &TextReader<'_>, count: usize) -> Vec<u32> {
    let mut places = Vec::with_capacity(count);
    let mut reader = start.clone();
    let _ = reader.begin(b'{', format_args!(""));
    while places.len() < count && reader.has_key() == Ok(true) {
        // A text of 1 MiB has no place beyond 32 bits.
        places.push(reader.at() as u32);
        let _ = reader.key();
        let _ = reader.skip();
    }
    places.sort_unstable_by(|&a, &b| match (pair_at(start, a), pair_at(start, b)) {
        (Some(one), Some(other)) => one.0.order(&other.0).then(a.cmp(&b)),
        _ => a.cmp(&b),
    });
    places
}

fn pair_at<'a>(start: &TextReader<'a>, place: u32) -> Option<Pair<'a>> {
    let mut reader = start.moved_to(place as usize);
    Some((reader.key().ok()?, reader.string(format_args!("")).ok()?))
}

/// Of the pairs at sorted places the last one of each key.
fn chosen<'a>(start: &TextReader<'a>, places: &[u32]) -> impl Iterator<Item = Pair<'a>> {
    places.iter().enumerate().filter_map(move |(i, &place)| {
        let pair = pair_at(start, place)?;
        let next = places.get(i + 1).and_then(|&next| pair_at(start, next));
        next.is_none_or(|next| next.0.order(&pair.0).is_ne()).then_some(pair)
    })
}

/// Writes pairs in their packed form, in as much memory as they take.
fn pack<'a>(
    reader: &TextReader<'_>,
    room: &mut Room,
    sum: Sum,
    pairs: impl Iterator<Item = Pair<'a>>,
) -> Result<Vec<u8>, Error> {
    if sum.text > Metadata::MAX_BYTES {
        let most = Metadata::MAX_BYTES;
        return Err(reader.flaw(format_args!("`metadata` has more than {most} bytes")));
    }
    if !room.take(Room::METADATA_BYTES + sum.packed) {
        return Err(reader.too_much());
    }
    let mut packed = Vec::with_capacity(sum.packed);
    for (key, value) in pairs {
        for text in [key, value] {
            varint::put(text.len() as u64, &mut packed);
            text.append_to(&mut packed);
        }
    }
    Ok(packed)
}
