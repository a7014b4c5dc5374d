# Joins what the headers need of a Rust archive into one relocatable object. Run with cmake -P.
#
# ARCHIVE, OBJECT: input and output. NAMES: the functions to keep, separated by commas. COMPILER,
# COMPILER_TARGET, OBJCOPY: tools. APPLE: true for Mach-O.
#
# When the tools cannot do it the output is an empty file; a second run with LIBRARY puts ARCHIVE in
# the place of the library in that case.

if(DEFINED LIBRARY)
    file(READ "${OBJECT}" begin LIMIT 1 HEX)
    if(begin STREQUAL "")
        execute_process(COMMAND "${CMAKE_COMMAND}" -E copy "${ARCHIVE}" "${LIBRARY}")
    endif()
    return()
endif()

# Gives up: the archive will be installed as cargo made it.
function(leave_as_it_is reason)
    message(STATUS "libgossip.a stays as cargo made it, and cannot be linked beside another Rust "
            "library: ${reason}")
    file(WRITE "${OBJECT}" "")
endfunction()

string(REPLACE "," ";" NAMES "${NAMES}")
set(command "${COMPILER}")
if(COMPILER_TARGET)
    list(APPEND command "--target=${COMPILER_TARGET}")
endif()
list(APPEND command -r -nostdlib -o "${OBJECT}")

if(APPLE)
    set(list "${OBJECT}.exports")
    file(WRITE "${list}" "")
    foreach(name IN LISTS NAMES)
        file(APPEND "${list}" "_${name}\n")
    endforeach()
    list(APPEND command "-Wl,-exported_symbols_list,${list}" -Wl,-all_load -Wl,-S "${ARCHIVE}")
else()
    # Sections that no function of the headers reaches are dropped here, because a linker that gets
    # the joined object may keep all of it. Without the group option a group whose members were
    # dropped in part makes an object that linkers refuse.
    list(APPEND command -Wl,--gc-sections -Wl,--force-group-allocation)
    foreach(name IN LISTS NAMES)
        list(APPEND command "-Wl,-u,${name}")
    endforeach()
    list(APPEND command "${ARCHIVE}")
endif()

execute_process(COMMAND ${command} RESULT_VARIABLE failed ERROR_VARIABLE error OUTPUT_QUIET)
if(failed)
    string(REGEX REPLACE "\n.*" "" error "${error}")
    leave_as_it_is("${error}")
    return()
endif()
if(APPLE)
    return()
endif()

if(NOT OBJCOPY)
    leave_as_it_is("no objcopy was found")
    return()
endif()
# Bitcode of the standard library is of no use in a finished object, and upsets the plugins of `nm`.
execute_process(
    COMMAND "${OBJCOPY}" --wildcard --keep-global-symbol=gossip_* --strip-unneeded
            --remove-section=.llvmbc --remove-section=.llvmcmd "${OBJECT}"
    RESULT_VARIABLE failed ERROR_VARIABLE error)
if(failed)
    string(REGEX REPLACE "\n.*" "" error "${error}")
    leave_as_it_is("${error}")
endif()
