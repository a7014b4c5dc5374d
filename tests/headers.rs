//! The C headers in `include/` are generated from `src/ffi`, committed, and compared here.
//!
//! `GOSSIP_WRITE_HEADERS=1 cargo test --test headers` writes them anew.

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// One header and what it is made of.
struct Header {
    path: &'static str,
    sources: &'static [&'static str],
    guard: &'static str,
    include: &'static str,
    brief: &'static str,
    /// Enumerations and types that no function names.
    also: &'static [&'static str],
}

const CORE: Header = Header {
    path: "include/core/gossip_core.h",
    sources: &[
        "src/ffi/types.rs",
        "src/ffi/version.rs",
        "src/ffi/core.rs",
        "src/ffi/core/life.rs",
        "src/ffi/core/rounds.rs",
        "src/ffi/core/membership.rs",
        "src/ffi/core/lookup.rs",
    ],
    guard: "GOSSIP_C_H",
    include: "libgossip_api.h",
    brief: "Cluster membership and failure detection by gossip: one node and its view of the others.",
    also: &[
        "gossip_node_status_t",
        "gossip_message_type_t",
        "gossip_error_code_t",
        "gossip_node_id_t",
        "gossip_node_view_t",
        "gossip_message_t",
    ],
};

/// Functions at the end of their header, where version 1 has them, whatever file they are in.
const LAST: [&str; 3] =
    ["gossip_core_reset", "gossip_core_get_internal", "gossip_core_update_self_metadata"];

const EXT: Header = Header {
    path: "include/core/gossip_ext.h",
    sources: &[
        "src/ffi/ext/config.rs",
        "src/ffi/ext/callbacks.rs",
        "src/ffi/ext/changes.rs",
        "src/ffi/ext/clock.rs",
        "src/ffi/ext/metadata.rs",
        "src/ffi/ext/info.rs",
        "src/ffi/ext/view.rs",
        "src/ffi/ext/stats.rs",
        "src/ffi/ext/cleanup.rs",
        "src/ffi/ext/message.rs",
        "src/ffi/ext/packet.rs",
        "src/ffi/ext/log.rs",
    ],
    guard: "GOSSIP_EXT_C_H",
    include: "gossip_core.h",
    brief: "More of a gossip core: configuration, clock, metadata, statistics, packets, changes, log.",
    also: &[
        "gossip_profile_t",
        "gossip_reason_t",
        "gossip_log_level_t",
        "gossip_change_t",
        "gossip_node_info_t",
    ],
};

const NET: Header = Header {
    path: "include/net/gossip_net.h",
    sources: &[
        "src/ffi/custom.rs",
        "src/ffi/serializer.rs",
        "src/ffi/bytes.rs",
        "src/ffi/transport.rs",
    ],
    guard: "GOSSIP_NET_C_H",
    include: "../core/gossip_core.h",
    brief: "UDP and TCP transports for a gossip core, and messages as bytes.",
    also: &["gossip_transport_type_t", "gossip_serializer_vtable_t"],
};

const NODE: Header = Header {
    path: "include/net/gossip_node.h",
    sources: &[
        "src/ffi/node/config.rs",
        "src/ffi/node/body.rs",
        "src/ffi/node/life.rs",
        "src/ffi/node/join.rs",
        "src/ffi/node/members.rs",
        "src/ffi/node/metadata.rs",
        "src/ffi/node/stats.rs",
    ],
    guard: "GOSSIP_NODE_C_H",
    include: "../core/gossip_ext.h",
    brief: "A node that runs itself: a gossip core with its sockets and its threads.",
    also: &[],
};

const RULES: &str = " * All functions may be called from any thread and from inside callbacks. NULL where an object is
 * expected does no harm: the function does nothing or returns its failure value. No function
 * prints or ends the process. After fork() the child may only destroy what it inherited.
";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn exists(header: &Header) -> bool {
    header.sources.iter().all(|source| root().join(source).exists())
}

fn config(header: &Header) -> Config {
    let mut config = Config {
        language: Language::C,
        style: Style::Tag,
        cpp_compat: true,
        include_guard: Some(header.guard.into()),
        no_includes: true,
        // Written out, for their order.
        after_includes: Some(format!(
            "#include \"{}\"\n#include <stddef.h>\n#include <stdint.h>",
            header.include
        )),
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        line_length: 100,
        tab_width: 4,
        header: Some(format!(
            "/**\n * @file\n * @brief {}\n *\n{RULES} *\n * Generated from src/ffi by \
             tests/headers.rs; do not edit.\n */",
            header.brief
        )),
        ..Config::default()
    };
    config.function.prefix = Some("LIBGOSSIP_API".into());
    config.export.include = header.also.iter().map(|&name| name.into()).collect();
    if header.guard == CORE.guard {
        let includes = config.after_includes.take().unwrap_or_default();
        config.after_includes = Some(includes + "\n" + &version_define());
    }
    if header.guard == EXT.guard {
        let includes = config.after_includes.take().unwrap_or_default();
        config.after_includes = Some(includes + "\n" + CONFIG_INIT);
    }
    if header.guard == NODE.guard {
        let includes = config.after_includes.take().unwrap_or_default();
        config.after_includes = Some(includes + "\n" + NODE_CONFIG_INIT);
    }
    config
}

/// A struct that may grow must be filled by the library with no more than the program has room for.
const CONFIG_INIT: &str = "
/**
 * Fills a gossip_config_t with the values of a profile: gossip_config_init(&config,
 * GOSSIP_PROFILE_LAN). Gives what gossip_config_init_sized() returns.
 */
#define gossip_config_init(config, profile) \\
    gossip_config_init_sized((config), sizeof *(config), (profile))";

const NODE_CONFIG_INIT: &str = "
/**
 * Fills a gossip_node_config_t with its defaults: gossip_node_config_init(&config). Gives what
 * gossip_node_config_init_sized() returns.
 */
#define gossip_node_config_init(config) gossip_node_config_init_sized((config), sizeof *(config))";

/// The version as the preprocessor sees it; said once, in Cargo.toml.
fn version_define() -> String {
    let part = |text: &str| text.parse::<u32>().expect("a number");
    let number = part(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
        + part(env!("CARGO_PKG_VERSION_MINOR")) * 100
        + part(env!("CARGO_PKG_VERSION_PATCH"));
    format!(
        "\n/**\n * The version of this header: 10000 * major + 100 * minor + patch. \
         gossip_version_number() is that\n * of the library that runs.\n */\n\
         #define GOSSIP_VERSION_NUMBER {number}"
    )
}

fn generate(header: &Header) -> String {
    let mut builder = Builder::new().with_config(config(header));
    for source in header.sources {
        builder = builder.with_src(root().join(source));
    }
    let mut bytes = Vec::new();
    let mut bindings = builder.generate().expect("the sources can be read");
    bindings.functions.sort_by_key(|function| LAST.contains(&function.path.name()));
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes).expect("the header is UTF-8");
    // What Rust's documentation calls safety is what a C caller has to see to.
    text.replace(" * # Safety\n", " * @pre\n")
}

#[test]
fn headers_are_those_of_the_sources() {
    for header in [CORE, EXT, NET, NODE].iter().filter(|header| exists(header)) {
        let path = root().join(header.path);
        let text = generate(header);
        if std::env::var_os("GOSSIP_WRITE_HEADERS").is_some() {
            fs::write(&path, &text).expect("the header can be written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "{} is stale; run: GOSSIP_WRITE_HEADERS=1 cargo test --test headers",
            header.path
        );
    }
}

/// The compilers of this machine, for C and for C++.
fn compilers(names: [&'static str; 2]) -> Vec<&'static str> {
    let works = |name: &&str| {
        let mut command = Command::new(name);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    names.into_iter().filter(works).collect()
}

fn assert_clean(mut command: Command) {
    let output = command.output().expect("the program was found before");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Each header must stand alone as the first one, twice, in every dialect.
#[test]
fn headers_compile_without_warnings() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut paths = vec!["core/libgossip_api.h", "core/gossip_core.h", "core/gossip_ext.h"];
    if exists(&NET) {
        paths.extend(["net/gossip_net.h", "net/gossip_node.h"]);
    }
    let dialects = [
        ("c", compilers(["gcc", "clang"]), &["c99", "c11", "c17"][..]),
        ("c++", compilers(["g++", "clang++"]), &["c++11", "c++14", "c++17", "c++20"][..]),
    ];
    let mut combinations = 0;
    for path in paths {
        let source = folder.join(format!("{}.include", path.replace('/', "_")));
        let text = format!("#include \"{path}\"\n#include \"{path}\"\nint only;\n");
        fs::write(&source, text).expect("a writable target folder");
        for (language, compilers, standards) in &dialects {
            for (compiler, standard) in
                compilers.iter().flat_map(|c| standards.iter().map(move |s| (c, s)))
            {
                let mut command = Command::new(compiler);
                command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]);
                command.arg(format!("-std={standard}")).args(["-x", language]);
                command.arg("-I").arg(root().join("include")).arg(&source);
                assert_clean(command);
                combinations += 1;
            }
        }
    }
    assert!(combinations > 0, "no C compiler found; install gcc or clang");
}

/// Every item and parameter is documented, and doxygen has nothing to say, where it is present.
#[test]
fn headers_are_clean_under_doxygen() {
    if compilers(["doxygen", "doxygen"]).is_empty() {
        eprintln!("doxygen is not installed; not checked");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("Doxyfile");
    let settings = format!(
        "QUIET = YES\nWARNINGS = YES\nWARN_IF_UNDOCUMENTED = YES\nWARN_NO_PARAMDOC = YES\n\
         WARN_AS_ERROR = FAIL_ON_WARNINGS\nGENERATE_HTML = YES\nHAVE_DOT = NO\nGENERATE_LATEX = NO\n\
         MACRO_EXPANSION = YES\nPREDEFINED = LIBGOSSIP_STATIC_DEFINE\nOPTIMIZE_OUTPUT_FOR_C = YES\nFILE_PATTERNS = *.h\n\
         INPUT = \"{0}\"\nRECURSIVE = YES\nOUTPUT_DIRECTORY = \"{1}\"\n",
        root().join("include").display(),
        folder.join("doxygen").display()
    );
    fs::write(&file, settings).expect("a writable target folder");
    let mut command = Command::new("doxygen");
    command.arg(&file);
    assert_clean(command);
}
