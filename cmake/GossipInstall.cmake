# What `cmake --install` puts where: libraries, headers, the CMake package and pkg-config files.
# The package can also be found in the build folder, before anything is installed.

include(CMakePackageConfigHelpers)
set(gossip_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/libgossip")

# One export set for each kind of library, with the same names inside: the package's configuration
# file includes the one that is wanted.
foreach(kind shared static)
    set(gossip_set "libgossip-${kind}")
    set(gossip_kind_targets ${gossip_${kind}})
    if(LIBGOSSIP_NET)
        list(APPEND gossip_kind_targets ${gossip_net_${kind}})
    endif()
    install(TARGETS ${gossip_kind_targets} EXPORT ${gossip_set}
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT libgossip_runtime
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libgossip_runtime
            NAMELINK_COMPONENT libgossip_development
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libgossip_development)
    install(EXPORT ${gossip_set} NAMESPACE libgossip:: FILE "${gossip_set}-targets.cmake"
        DESTINATION "${gossip_package_dir}" COMPONENT libgossip_development)
    export(EXPORT ${gossip_set} NAMESPACE libgossip::
        FILE "${CMAKE_CURRENT_BINARY_DIR}/${gossip_set}-targets.cmake")
endforeach()

set(gossip_left_out "")
if(NOT LIBGOSSIP_EXT)
    # The C++ headers use it.
    set(gossip_left_out PATTERN "gossip_ext.h" EXCLUDE PATTERN "*.hpp" EXCLUDE)
elseif(NOT LIBGOSSIP_NET)
    set(gossip_left_out PATTERN "gossip_manager.hpp" EXCLUDE)
endif()
foreach(folder IN LISTS gossip_header_folders)
    install(DIRECTORY "include/${folder}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT libgossip_development
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" ${gossip_left_out})
endforeach()

configure_package_config_file(
    "${CMAKE_CURRENT_SOURCE_DIR}/cmake/libgossipConfig.cmake.in"
    "${CMAKE_CURRENT_BINARY_DIR}/libgossipConfig.cmake"
    INSTALL_DESTINATION "${gossip_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/libgossipConfigVersion.cmake"
    COMPATIBILITY SameMajorVersion)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/libgossipConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/libgossipConfigVersion.cmake"
    DESTINATION "${gossip_package_dir}" COMPONENT libgossip_development)

# --- pkg-config --------------------------------------------------------------------------------

# The files find the prefix from their own place, so that an installed tree can be moved. Folders
# that were given as absolute paths stay so.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(gossip_pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(gossip_pc_libdir "${CMAKE_INSTALL_LIBDIR}")
else()
    file(RELATIVE_PATH gossip_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" gossip_up "${gossip_up}")
    set(gossip_pc_prefix "\${pcfiledir}/${gossip_up}")
    set(gossip_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(gossip_pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
    set(gossip_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
string(REPLACE ";" " " gossip_pc_private "${gossip_native_libs}")

set(gossip_pc_names libgossip)
if(LIBGOSSIP_NET)
    list(APPEND gossip_pc_names libgossip_net)
endif()
foreach(name IN LISTS gossip_pc_names)
    configure_file("${CMAKE_CURRENT_SOURCE_DIR}/cmake/${name}.pc.in"
                   "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT libgossip_development)
endforeach()
