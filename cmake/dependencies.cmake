# Every dependency, its version and its licence, in this one file. The system's package is taken when it
# is there (find_*); otherwise the pinned source is fetched by commit, which is a content hash.
#
# name              least    fetched  licence      used by                     Debian 12 package
# Asio (standalone) 1.22.1   1.22.1   BSL-1.0      net, platform               libasio-dev
# llhttp            8.1.0    8.1.1    MIT          tests, as a second opinion  node-llhttp
# CLI11             2.1.2    2.1.2    BSD-3-Clause app                         libcli11-dev
# nlohmann JSON     3.11.2   3.11.2   MIT          config, app                 nlohmann-json3-dev
# Catch2            2.13.10  2.13.10  BSL-1.0      tests                       catch2
# Google Benchmark  1.7.1    1.7.1    Apache-2.0   bench/micro                 libbenchmark-dev
include(FetchContent)
find_package(Threads REQUIRED)

# Where header-only packages are looked for. A cross build sees only links to the headers it may take,
# never the whole of the host's /usr/include.
if(CMAKE_CROSSCOMPILING)
  set(sluice_header_root ${PROJECT_BINARY_DIR}/host-headers)
  file(MAKE_DIRECTORY ${sluice_header_root})
  foreach(entry asio asio.hpp CLI nlohmann catch2)
    if(EXISTS /usr/include/${entry})
      file(CREATE_LINK /usr/include/${entry} ${sluice_header_root}/${entry} SYMBOLIC)
    endif()
  endforeach()
  set(sluice_find_options PATHS ${sluice_header_root} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
else()
  set(sluice_find_options)
endif()

# sluice_header_dependency(NAME header GIT url COMMIT sha SUBDIR folder)
function(sluice_header_dependency name header)
  cmake_parse_arguments(arg "" "GIT;COMMIT;SUBDIR" "" ${ARGN})
  find_path(SLUICE_${name}_INCLUDE ${header} ${sluice_find_options})
  if(NOT SLUICE_${name}_INCLUDE)
    message(STATUS "${name}: no system package with ${header}, fetching ${arg_COMMIT} from ${arg_GIT}")
    FetchContent_Declare(${name} GIT_REPOSITORY ${arg_GIT} GIT_TAG ${arg_COMMIT} SOURCE_SUBDIR none)
    FetchContent_MakeAvailable(${name})
    set(SLUICE_${name}_INCLUDE ${${name}_SOURCE_DIR}/${arg_SUBDIR} CACHE PATH "" FORCE)
  endif()
  add_library(dependency_${name} INTERFACE)
  target_include_directories(dependency_${name} SYSTEM INTERFACE ${SLUICE_${name}_INCLUDE})
endfunction()

sluice_header_dependency(asio asio.hpp SUBDIR asio/include
  GIT https://github.com/chriskohlhoff/asio COMMIT bba12d10501418fd3789ce01c9f86a77d37df7ed)
sluice_header_dependency(cli11 CLI/CLI.hpp SUBDIR include
  GIT https://github.com/CLIUtils/CLI11 COMMIT 70f8072f9dd2292fd0b9f9e5f58e279f60483ed3)
sluice_header_dependency(nlohmann nlohmann/json.hpp SUBDIR single_include
  GIT https://github.com/nlohmann/json COMMIT bc889afb4c5bf1c0d8ee29ef35eaaf4c8bef8a5d)

target_compile_definitions(dependency_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(dependency_asio INTERFACE Threads::Threads)
if(WIN32)
  target_compile_definitions(dependency_asio INTERFACE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX)
  target_link_libraries(dependency_asio INTERFACE ws2_32 mswsock)
endif()
if(SLUICE_POLLER STREQUAL "kqueue" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(LIBKQUEUE REQUIRED IMPORTED_TARGET libkqueue)
  target_compile_definitions(dependency_asio INTERFACE
    ASIO_DISABLE_EPOLL ASIO_DISABLE_EVENTFD ASIO_DISABLE_TIMERFD ASIO_HAS_KQUEUE=1)
  target_link_libraries(dependency_asio INTERFACE PkgConfig::LIBKQUEUE)
elseif(SLUICE_POLLER)
  message(FATAL_ERROR "SLUICE_POLLER=${SLUICE_POLLER}: only kqueue on Linux can be chosen; leave it empty for the system's own")
endif()

if(SLUICE_BUILD_TESTS OR SLUICE_BUILD_FUZZ)
  sluice_header_dependency(catch2 catch2/catch.hpp SUBDIR single_include
    GIT https://github.com/catchorg/Catch2 COMMIT 182c910b4b63ff587a3440e08f84f70497e49a81)

  # llhttp is compiled from its generated sources, always strict: its own default is lax and carries
  # CVE-2023-30589. It is the second opinion of the parser tests, never part of the gateway
  # (docs/decisions/0002-own-head-parser.md).
  find_path(SLUICE_llhttp_SOURCE llhttp.c PATHS /usr/share/llhttp NO_CMAKE_FIND_ROOT_PATH)
  find_path(SLUICE_llhttp_INCLUDE llhttp.h PATHS /usr/share/include/llhttp NO_CMAKE_FIND_ROOT_PATH)
  if(NOT SLUICE_llhttp_SOURCE OR NOT SLUICE_llhttp_INCLUDE)
    FetchContent_Declare(llhttp GIT_REPOSITORY https://github.com/nodejs/llhttp
      GIT_TAG caed04d6c1251e54c642bddfc7d0330af234f0d3 SOURCE_SUBDIR none)
    FetchContent_MakeAvailable(llhttp)
    set(SLUICE_llhttp_SOURCE ${llhttp_SOURCE_DIR}/src CACHE PATH "" FORCE)
    set(SLUICE_llhttp_INCLUDE ${llhttp_SOURCE_DIR}/include CACHE PATH "" FORCE)
  endif()
  add_library(dependency_llhttp STATIC EXCLUDE_FROM_ALL
    ${SLUICE_llhttp_SOURCE}/llhttp.c ${SLUICE_llhttp_SOURCE}/api.c ${SLUICE_llhttp_SOURCE}/http.c)
  target_compile_definitions(dependency_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  target_compile_options(dependency_llhttp PRIVATE -w)
  target_include_directories(dependency_llhttp SYSTEM PUBLIC ${SLUICE_llhttp_INCLUDE})
endif()

if(SLUICE_BUILD_BENCH)
  find_package(benchmark 1.7 QUIET)
  if(NOT benchmark_FOUND)
    set(BENCHMARK_ENABLE_TESTING OFF)
    FetchContent_Declare(benchmark GIT_REPOSITORY https://github.com/google/benchmark
      GIT_TAG d572f4777349d43653b21d6c2fc63020ab326db2)
    FetchContent_MakeAvailable(benchmark)
  endif()
endif()
