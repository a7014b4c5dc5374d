# Makes the libraries of C out of the archive that cargo made.
#
# Both kinds are always built. The targets `libgossip` and `libgossip_net` are of the kind that
# BUILD_SHARED_LIBS chooses; those of the other kind are called libgossip_static or
# libgossip_shared, and so on, and either kind can be named in that way.

if(BUILD_SHARED_LIBS)
    set(gossip_chosen shared)
else()
    set(gossip_chosen static)
endif()

function(gossip_target_name base kind result)
    if(kind STREQUAL gossip_chosen)
        set(${result} "${base}" PARENT_SCOPE)
    else()
        set(${result} "${base}_${kind}" PARENT_SCOPE)
    endif()
endfunction()

gossip_target_name(libgossip shared gossip_shared)
gossip_target_name(libgossip static gossip_static)
gossip_target_name(libgossip_net shared gossip_net_shared)
gossip_target_name(libgossip_net static gossip_net_static)

set(gossip_parts "${CMAKE_CURRENT_BINARY_DIR}/rust")
set(gossip_anchor "${CMAKE_CURRENT_SOURCE_DIR}/cmake/anchor.c")
set(gossip_forwarders "${CMAKE_CURRENT_SOURCE_DIR}/cmake/libgossip_net.c")

# --- What is exported --------------------------------------------------------------------------

# The names that libgossip_net forwards, read from its source.
set(gossip_net_names "")
if(LIBGOSSIP_NET)
    file(STRINGS "${gossip_forwarders}" gossip_lines REGEX "^FORWARD(_VOID)?\\(")
    foreach(line IN LISTS gossip_lines)
        string(REGEX REPLACE "^FORWARD[^,]*, *([a-z0-9_]+),.*" "\\1" name "${line}")
        list(APPEND gossip_net_names "${name}")
    endforeach()
endif()

# All names that the headers declare. An ELF or Mach-O export list works by pattern; only where a
# linker has none (Windows), or needs roots by name (one relocatable object), is this list used.
set(gossip_header_folders core)
if(LIBGOSSIP_NET)
    list(APPEND gossip_header_folders net)
endif()
set(gossip_names "")
foreach(folder IN LISTS gossip_header_folders)
    file(GLOB gossip_headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/include/${folder}/*.h")
    if(NOT LIBGOSSIP_EXT)
        list(FILTER gossip_headers EXCLUDE REGEX "/gossip_ext\\.h$")
    endif()
    foreach(header IN LISTS gossip_headers)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
        file(READ "${header}" text)
        string(REGEX MATCHALL "LIBGOSSIP_API[^;()]*gossip_[a-z0-9_]+ *\\(" declarations "${text}")
        foreach(declaration IN LISTS declarations)
            string(REGEX REPLACE ".*(gossip_[a-z0-9_]+) *\\($" "\\1" name "${declaration}")
            list(APPEND gossip_names "${name}")
        endforeach()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES gossip_names)

# --- The shared libraries ----------------------------------------------------------------------

# The linker strips them, as `strip = "symbols"` of Cargo.toml does for cargo's own shared library:
# cargo leaves the static library that they are made of unstripped, and `cmake --install` strips
# nothing by itself.

add_library(${gossip_shared} SHARED "${gossip_anchor}")
add_dependencies(${gossip_shared} libgossip_cargo)
set_property(TARGET ${gossip_shared} APPEND PROPERTY LINK_DEPENDS "${gossip_rust_archive}")

# The forwarders cannot call the public names, which are their own; so libgossip has each of the
# functions under a second, private name.
if(MSVC)
    set(gossip_list "${gossip_parts}/libgossip.def")
    string(REPLACE ";" "\n    " gossip_text "EXPORTS;${gossip_names}")
    file(WRITE "${gossip_list}" "${gossip_text}\n")
    target_sources(${gossip_shared} PRIVATE "${gossip_list}")
    target_link_options(${gossip_shared} PRIVATE "/WHOLEARCHIVE:${gossip_rust_archive}" /OPT:REF)
    target_link_libraries(${gossip_shared} PRIVATE "${gossip_rust_archive}")
elseif(WIN32)
    set(gossip_list "${gossip_parts}/libgossip.def")
    string(REPLACE ";" "\n    " gossip_text "EXPORTS;${gossip_names}")
    file(WRITE "${gossip_list}" "${gossip_text}\n")
    target_sources(${gossip_shared} PRIVATE "${gossip_list}")
    target_link_options(${gossip_shared} PRIVATE -static-libgcc -Wl,--gc-sections -Wl,--strip-all)
    target_link_libraries(${gossip_shared} PRIVATE
        "-Wl,--whole-archive,${gossip_rust_archive},--no-whole-archive")
elseif(APPLE)
    set(gossip_list "${gossip_parts}/libgossip.exports")
    file(WRITE "${gossip_list}" "_gossip_*\n")
    target_link_options(${gossip_shared} PRIVATE
        "LINKER:-exported_symbols_list,${gossip_list}" LINKER:-dead_strip LINKER:-S LINKER:-x)
    foreach(name IN LISTS gossip_net_names)
        target_link_options(${gossip_shared} PRIVATE
            "LINKER:-alias,_gossip_${name},_gossip_impl_${name}")
    endforeach()
    target_link_libraries(${gossip_shared} PRIVATE "-Wl,-force_load,${gossip_rust_archive}")
else()
    set(gossip_list "${gossip_parts}/libgossip.map")
    file(WRITE "${gossip_list}" "{ global: gossip_*; local: *; };\n")
    target_link_options(${gossip_shared} PRIVATE
        "LINKER:--version-script,${gossip_list}" LINKER:--gc-sections LINKER:--as-needed
        LINKER:-O1 LINKER:--strip-all LINKER:-z,relro LINKER:-z,now)
    foreach(name IN LISTS gossip_net_names)
        target_link_options(${gossip_shared} PRIVATE
            "LINKER:--defsym,gossip_impl_${name}=gossip_${name}")
    endforeach()
    target_link_libraries(${gossip_shared} PRIVATE
        "-Wl,--whole-archive,${gossip_rust_archive},--no-whole-archive")
endif()
set_property(TARGET ${gossip_shared} APPEND PROPERTY LINK_DEPENDS "${gossip_list}")
target_link_libraries(${gossip_shared} PRIVATE ${gossip_native_libs})

if(LIBGOSSIP_NET)
    add_library(${gossip_net_shared} SHARED)
    if(WIN32)
        # There the export list itself forwards, and no code is needed.
        set(gossip_text "EXPORTS")
        foreach(name IN LISTS gossip_net_names)
            string(APPEND gossip_text "\n    gossip_${name} = "
                   "${CMAKE_SHARED_LIBRARY_PREFIX}gossip.gossip_${name}")
        endforeach()
        file(WRITE "${gossip_parts}/libgossip_net.def" "${gossip_text}\n")
        target_sources(${gossip_net_shared} PRIVATE
            "${gossip_anchor}" "${gossip_parts}/libgossip_net.def")
    else()
        target_sources(${gossip_net_shared} PRIVATE "${gossip_forwarders}")
    endif()
    target_compile_definitions(${gossip_net_shared} PRIVATE LIBGOSSIP_BUILD)
    target_link_libraries(${gossip_net_shared} PUBLIC ${gossip_shared})
    # The two libraries lie in one folder, wherever that is moved.
    if(APPLE)
        set_target_properties(${gossip_net_shared} PROPERTIES INSTALL_RPATH "@loader_path")
    elseif(NOT WIN32)
        set_target_properties(${gossip_net_shared} PROPERTIES INSTALL_RPATH "$ORIGIN")
        target_link_options(${gossip_net_shared} PRIVATE LINKER:-z,relro LINKER:-z,now)
    endif()
endif()

# --- The static libraries ----------------------------------------------------------------------

# One object with nothing global but the functions of the headers, so that the archive can be
# linked beside that of another Rust library. Where the tools for that are missing the archive of
# cargo serves as it is; it works as well, only not beside a second one of its kind.
set(gossip_object "${gossip_parts}/gossip${CMAKE_C_OUTPUT_EXTENSION}")
string(REPLACE ";" "," gossip_name_list "${gossip_names}")
if(MSVC)
    add_library(${gossip_static} STATIC "${gossip_anchor}")
    add_dependencies(${gossip_static} libgossip_cargo)
    add_custom_command(TARGET ${gossip_static} POST_BUILD
        COMMAND "${CMAKE_COMMAND}" -E copy "${gossip_rust_archive}" "$<TARGET_FILE:${gossip_static}>")
else()
    add_custom_command(
        OUTPUT "${gossip_object}"
        COMMAND "${CMAKE_COMMAND}" "-DARCHIVE=${gossip_rust_archive}" "-DOBJECT=${gossip_object}"
                "-DNAMES=${gossip_name_list}" "-DCOMPILER=${CMAKE_C_COMPILER}"
                "-DCOMPILER_TARGET=${CMAKE_C_COMPILER_TARGET}" "-DOBJCOPY=${CMAKE_OBJCOPY}"
                "-DAPPLE=${APPLE}" -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/OneObject.cmake"
        DEPENDS "${gossip_rust_archive}" "${CMAKE_CURRENT_SOURCE_DIR}/cmake/OneObject.cmake"
        COMMENT "Joining the Rust code of libgossip into one object" VERBATIM)
    add_library(${gossip_static} STATIC "${gossip_anchor}" "${gossip_object}")
    set_source_files_properties("${gossip_object}" PROPERTIES GENERATED ON EXTERNAL_OBJECT ON)
    add_dependencies(${gossip_static} libgossip_cargo)
    # OneObject leaves an empty file where it could not do its work.
    add_custom_command(TARGET ${gossip_static} POST_BUILD
        COMMAND "${CMAKE_COMMAND}" "-DARCHIVE=${gossip_rust_archive}" "-DOBJECT=${gossip_object}"
                "-DLIBRARY=$<TARGET_FILE:${gossip_static}>"
                -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/OneObject.cmake" VERBATIM)
endif()
target_link_libraries(${gossip_static} INTERFACE ${gossip_native_libs})
target_compile_definitions(${gossip_static} INTERFACE LIBGOSSIP_STATIC_DEFINE)

if(LIBGOSSIP_NET)
    # Empty: the functions are in libgossip.a. It is there for build files that say -lgossip_net.
    add_library(${gossip_net_static} STATIC "${gossip_anchor}")
    target_link_libraries(${gossip_net_static} PUBLIC ${gossip_static})
endif()

# --- What all of them share --------------------------------------------------------------------

set(gossip_targets ${gossip_shared} ${gossip_static})
if(LIBGOSSIP_NET)
    list(APPEND gossip_targets ${gossip_net_shared} ${gossip_net_static})
endif()
foreach(target IN LISTS gossip_targets)
    set(name gossip)
    set(alias libgossip)
    if(target MATCHES "_net")
        set(name gossip_net)
        set(alias libgossip_net)
    endif()
    get_target_property(type ${target} TYPE)
    if(MSVC AND type STREQUAL "STATIC_LIBRARY")
        # The import library of the shared one has the plain name.
        set(name "${name}_static")
    endif()
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME "${name}" EXPORT_NAME "${alias}" LINKER_LANGUAGE C C_STANDARD 11
        POSITION_INDEPENDENT_CODE ON)
    if(type STREQUAL "SHARED_LIBRARY")
        set_target_properties(${target} PROPERTIES
            VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}")
    endif()
    target_include_directories(${target} PUBLIC
        "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    if(LIBGOSSIP_ENABLE_WARNINGS_AS_ERRORS)
        if(MSVC)
            target_compile_options(${target} PRIVATE /W4 /WX)
        else()
            target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Werror)
        endif()
    endif()
endforeach()

# The names by which a project links them, the same as in the installed package.
add_library(libgossip::libgossip ALIAS libgossip)
add_library(libgossip::core ALIAS libgossip)
add_library(libgossip_${gossip_chosen} ALIAS libgossip)
if(LIBGOSSIP_NET)
    add_library(libgossip::libgossip_net ALIAS libgossip_net)
    add_library(libgossip::network ALIAS libgossip_net)
    add_library(libgossip_net_${gossip_chosen} ALIAS libgossip_net)
endif()
