# Runs cargo. Sets
#   gossip_rust_archive   the static library with all Rust code
#   gossip_native_libs    the system libraries it needs, as names or linker options
# and makes the target libgossip_cargo, which builds the archive.

find_program(LIBGOSSIP_CARGO cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin"
             "$ENV{USERPROFILE}/.cargo/bin" DOC "The cargo to build with")
if(NOT LIBGOSSIP_CARGO)
    message(FATAL_ERROR "libgossip: cargo was not found; install Rust (https://rustup.rs) or set "
            "LIBGOSSIP_CARGO")
endif()

# The folder `target` of the source tree, which plain cargo uses too, unless told otherwise or
# unless nothing can be written there.
set(LIBGOSSIP_CARGO_TARGET_DIR "" CACHE PATH "Folder for cargo's output; empty: chosen")
if(LIBGOSSIP_CARGO_TARGET_DIR)
    set(gossip_target_dir "${LIBGOSSIP_CARGO_TARGET_DIR}")
elseif(DEFINED ENV{CARGO_TARGET_DIR})
    get_filename_component(gossip_target_dir "$ENV{CARGO_TARGET_DIR}" ABSOLUTE
                           BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
else()
    set(gossip_target_dir "${CMAKE_CURRENT_SOURCE_DIR}/target")
    execute_process(COMMAND "${CMAKE_COMMAND}" -E make_directory "${gossip_target_dir}/release"
                    RESULT_VARIABLE gossip_unwritable OUTPUT_QUIET ERROR_QUIET)
    if(gossip_unwritable)
        set(gossip_target_dir "${CMAKE_CURRENT_BINARY_DIR}/cargo")
    endif()
endif()

# The build without transports has a folder of its own in cargo's target folder.
if(LIBGOSSIP_NET)
    set(gossip_profile release)
else()
    set(gossip_profile small)
endif()
set(gossip_cargo_options --lib --profile ${gossip_profile} --locked
    --target-dir "${gossip_target_dir}")
if(NOT LIBGOSSIP_NET)
    set(gossip_features ffi)
    if(LIBGOSSIP_EXT)
        string(APPEND gossip_features ",ext")
    endif()
    list(APPEND gossip_cargo_options --no-default-features --features "${gossip_features}")
endif()
if(LIBGOSSIP_OFFLINE)
    list(APPEND gossip_cargo_options --offline)
endif()

# A folder made by `cargo vendor`; a source archive may bring one along.
if(NOT DEFINED LIBGOSSIP_VENDOR_DIR AND IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/vendor")
    set(LIBGOSSIP_VENDOR_DIR "${CMAKE_CURRENT_SOURCE_DIR}/vendor")
endif()
if(LIBGOSSIP_VENDOR_DIR)
    get_filename_component(gossip_vendor_dir "${LIBGOSSIP_VENDOR_DIR}" ABSOLUTE)
    list(APPEND gossip_cargo_options
         --config "source.crates-io.replace-with='libgossip-vendor'"
         --config "source.libgossip-vendor.directory='${gossip_vendor_dir}'")
endif()

# A usual native build makes all kinds of library in one go, as `cargo build --release` does, and so
# shares its result. The others make the static one alone: a cross build then needs no linker for
# cargo.
set(gossip_environment "")
set(gossip_cargo_output "${gossip_target_dir}/${gossip_profile}")
set(gossip_cargo_command rustc ${gossip_cargo_options} --crate-type staticlib
    --manifest-path "${CMAKE_CURRENT_SOURCE_DIR}/capi/Cargo.toml")
if(gossip_rust_target)
    list(APPEND gossip_cargo_command --target "${gossip_rust_target}")
    set(gossip_cargo_output "${gossip_target_dir}/${gossip_rust_target}/${gossip_profile}")
    # Build scripts that compile C, and whoever links after all, use the toolchain file's compiler.
    string(REPLACE "-" "_" gossip_target_name "${gossip_rust_target}")
    string(TOUPPER "${gossip_target_name}" gossip_target_upper)
    list(APPEND gossip_environment "CC_${gossip_target_name}=${CMAKE_C_COMPILER}")
    if(NOT MSVC)
        list(APPEND gossip_environment
             "CARGO_TARGET_${gossip_target_upper}_LINKER=${CMAKE_C_COMPILER}"
             "AR_${gossip_target_name}=${CMAKE_AR}")
    endif()
elseif(LIBGOSSIP_NET)
    set(gossip_cargo_command build ${gossip_cargo_options}
        --manifest-path "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml")
endif()

set(gossip_archive_name "${CMAKE_STATIC_LIBRARY_PREFIX}gossip${CMAKE_STATIC_LIBRARY_SUFFIX}")
set(gossip_rust_archive "${CMAKE_CURRENT_BINARY_DIR}/rust/${gossip_archive_name}")
file(GLOB_RECURSE gossip_rust_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.rs"
     "${CMAKE_CURRENT_SOURCE_DIR}/capi/*.rs" "${CMAKE_CURRENT_SOURCE_DIR}/capi/Cargo.toml")

# The archive is copied out of cargo's folder, because another cargo command with other features
# would overwrite it there, and because cargo leaves its time stamp alone when nothing changed.
add_custom_command(
    OUTPUT "${gossip_rust_archive}"
    COMMAND "${CMAKE_COMMAND}" -E env ${gossip_environment}
            "${LIBGOSSIP_CARGO}" ${gossip_cargo_command}
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_CURRENT_BINARY_DIR}/rust"
    COMMAND "${CMAKE_COMMAND}" -E copy "${gossip_cargo_output}/${gossip_archive_name}"
            "${gossip_rust_archive}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${gossip_rust_archive}"
    DEPENDS ${gossip_rust_sources} "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml"
            "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.lock" "${CMAKE_CURRENT_SOURCE_DIR}/build.rs"
    COMMENT "Compiling the Rust code of libgossip" USES_TERMINAL VERBATIM)
add_custom_target(libgossip_cargo DEPENDS "${gossip_rust_archive}")

# Asks rustc what its standard library links with, so that no list of ours grows old.
function(gossip_ask_native_libs result)
    get_filename_component(folder "${LIBGOSSIP_CARGO}" DIRECTORY)
    find_program(LIBGOSSIP_RUSTC rustc HINTS "${folder}" DOC "The rustc to ask for system libraries")
    set(probe "${CMAKE_CURRENT_BINARY_DIR}/rust/probe.rs")
    file(WRITE "${probe}" "")
    set(options --crate-type staticlib --print native-static-libs -o "${probe}.out" "${probe}")
    if(gossip_rust_target)
        list(APPEND options --target "${gossip_rust_target}")
    endif()
    execute_process(COMMAND "${LIBGOSSIP_RUSTC}" ${options} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
                    OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE failed)
    file(REMOVE "${probe}.out")
    set(libs "")
    if(NOT failed AND "${out}${err}" MATCHES "native-static-libs: ([^\n]*)")
        separate_arguments(libs UNIX_COMMAND "${CMAKE_MATCH_1}")
        list(REMOVE_DUPLICATES libs)
        # A C compiler adds these itself, and for a program linked with -static takes another one
        # than the shared libgcc_s, which has no static form.
        list(REMOVE_ITEM libs -lgcc_s -lc)
    endif()
    set(${result} "${libs}" PARENT_SCOPE)
endfunction()

gossip_ask_native_libs(gossip_native_libs)
if(NOT gossip_native_libs)
    # The target's standard library is not installed for this rustc; these are what it is known to ask for.
    if(MSVC)
        set(gossip_native_libs kernel32.lib ntdll.lib userenv.lib ws2_32.lib dbghelp.lib)
    elseif(WIN32)
        set(gossip_native_libs -lkernel32 -lntdll -luserenv -lws2_32 -ldbghelp)
    elseif(APPLE)
        set(gossip_native_libs -lSystem -lc -lm)
    else()
        set(gossip_native_libs -lutil -lrt -lpthread -lm -ldl)
    endif()
endif()
