# The programs that every consuming project here builds and runs, one for each name that a project
# can link. CONSUMER_NET is off where the library was built without its transports.
option(CONSUMER_NET "The library has its transports" ON)
set(programs "${CMAKE_CURRENT_LIST_DIR}")
enable_testing()

function(consumer name source)
    add_executable(${name} "${programs}/${source}")
    target_link_libraries(${name} PRIVATE ${ARGN})
    add_test(NAME ${name} COMMAND ${name})
endfunction()

consumer(with_core core.c libgossip::core)
consumer(with_libgossip core.c libgossip::libgossip)
if(CONSUMER_NET)
    consumer(with_network network.c libgossip::network)
    consumer(with_libgossip_net network.c libgossip::libgossip_net)
    consumer(with_both network.c libgossip::libgossip_net libgossip::libgossip)
endif()
