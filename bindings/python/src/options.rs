//! The options of a node.

use crate::argument::{At, at};
use crate::id::NodeId;
use crate::metadata::metadata_of;
use crate::view::MAX_TEXT_BYTES;
use gossip::net::{NodeConfig, Serializer};
use gossip::proto::{CONSTANTS, Config};
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

/// The longest name of a cluster in bytes.
const MAX_CLUSTER_BYTES: usize = 255;
/// The longest text of an address in bytes.
const MAX_HOST_BYTES: usize = 255;

const fn field(name: &'static str) -> At {
    at("Node", name)
}

/// What the program gave; `None` is the default.
pub(crate) struct Given<'py> {
    pub(crate) bind_host: Option<Bound<'py, PyAny>>,
    pub(crate) port: Option<Bound<'py, PyAny>>,
    pub(crate) id: Option<Bound<'py, PyAny>>,
    pub(crate) role: Option<Bound<'py, PyAny>>,
    pub(crate) region: Option<Bound<'py, PyAny>>,
    pub(crate) cluster: Option<Bound<'py, PyAny>>,
    pub(crate) advertise_host: Option<Bound<'py, PyAny>>,
    pub(crate) advertise_port: Option<Bound<'py, PyAny>>,
    pub(crate) metadata: Option<Bound<'py, PyAny>>,
    pub(crate) profile: Option<Bound<'py, PyAny>>,
    pub(crate) protocol: Option<Bound<'py, PyAny>>,
    pub(crate) serializer: Option<Bound<'py, PyAny>>,
    pub(crate) settle: Option<Bound<'py, PyAny>>,
}

impl Given<'_> {
    /// The configuration of the library.
    pub(crate) fn config(&self) -> PyResult<NodeConfig> {
        let mut config = NodeConfig::default();
        let texts = [
            (&mut config.bind_host, &self.bind_host, "bind_host", MAX_HOST_BYTES),
            (&mut config.advertise_host, &self.advertise_host, "advertise_host", MAX_HOST_BYTES),
            (&mut config.role, &self.role, "role", MAX_TEXT_BYTES),
            (&mut config.region, &self.region, "region", MAX_TEXT_BYTES),
            (&mut config.cluster, &self.cluster, "cluster", MAX_CLUSTER_BYTES),
        ];
        for (place, given, name, most) in texts {
            if let Some(given) = given {
                *place = field(name).text_of(given, most)?;
            }
        }
        if let Some(port) = &self.port {
            config.port = field("port").port(port, 0)?;
        }
        if let Some(port) = &self.advertise_port {
            config.advertise_port = field("advertise_port").port(port, 0)?;
        }
        if let Some(id) = &self.id {
            config.id = field("id").object::<NodeId>(id, "a NodeId")?.get().0;
        }
        if let Some(metadata) = &self.metadata {
            config.metadata = metadata_of(metadata, field("metadata"))?;
        }
        if let Some(settle) = &self.settle {
            config.changes_settle = field("settle").duration(settle)?;
        }
        if let Some(name) = &self.serializer {
            config.serializer = serializer(name)?;
        }
        if let Some(name) = &self.profile {
            config.protocol = profile(name)?;
        }
        if let Some(constants) = &self.protocol {
            set_constants(&mut config.protocol, constants)?;
        }
        Ok(config)
    }
}

fn word<'a>(value: &'a Bound<'_, PyAny>, at: At) -> PyResult<std::borrow::Cow<'a, str>> {
    let text = at.object::<PyString>(value, "a str")?;
    Ok(text.to_string_lossy())
}

fn serializer(value: &Bound<'_, PyAny>) -> PyResult<Serializer> {
    let at = field("serializer");
    Ok(match &*word(value, at)? {
        "auto" => Serializer::Auto,
        "binary" => Serializer::Binary,
        "json" => Serializer::Json,
        "bincode" => Serializer::Bincode,
        _ => return Err(at.wrong_value(value, "\"auto\", \"binary\", \"json\" or \"bincode\"")),
    })
}

fn profile(value: &Bound<'_, PyAny>) -> PyResult<Config> {
    let at = field("profile");
    Ok(match &*word(value, at)? {
        "lan" => Config::lan(),
        "wan" => Config::wan(),
        "local" => Config::local(),
        "quiet" => Config::quiet(),
        "loop" => Config::own_loop(),
        _ => {
            let known = "\"lan\", \"wan\", \"local\", \"quiet\" or \"loop\"";
            return Err(at.wrong_value(value, known));
        }
    })
}

/// Sets constants by their names; their ranges are checked when the node is made.
fn set_constants(config: &mut Config, constants: &Bound<'_, PyAny>) -> PyResult<()> {
    let at = field("protocol");
    let wanted = "a mapping from the names of constants to ints";
    let mapping = constants.cast::<PyMapping>().map_err(|_| at.wrong_type(constants, wanted))?;
    for item in mapping.items()?.iter() {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let text = word(&name, at)?;
        let Some(constant) = CONSTANTS.iter().find(|constant| constant.name == text) else {
            let names: Vec<&str> = CONSTANTS.iter().map(|constant| constant.name).collect();
            return Err(at.wrong_value(&name, &format!("one of {}", names.join(", "))));
        };
        let number = at.integer(&value, 0, u32::MAX.into())?;
        (constant.set)(config, u32::try_from(number).unwrap_or_default());
    }
    Ok(())
}
