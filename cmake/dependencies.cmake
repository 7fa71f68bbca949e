# Every dependency, its version and its licence, in this one file. The system's package is taken when it
# is there (find_*); otherwise the pinned source is fetched by commit, which is a content hash, or with its hash.
#
# name              least    fetched  licence      used by                     Debian 12 package
# Asio (standalone) 1.22.1   1.22.1   BSL-1.0      net, platform               libasio-dev
# llhttp            8.1.0    8.1.1    MIT          tests, as a second opinion  node-llhttp
# c-ares            1.18.1   1.18.1   MIT          net                         libc-ares-dev
# zlib              1.2.13   1.2.13   Zlib         telemetry                   zlib1g-dev
# nghttp2           1.52.0   1.52.0   MIT          http2                       libnghttp2-dev
# OpenSSL           3.0      3.5.9    Apache-2.0   tls                         libssl-dev
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
if(MINGW)
  # Asio takes POSIX threads when a header that was included before it has named them, and so two files of one program
  # had two layouts of its classes.
  target_compile_definitions(dependency_asio INTERFACE ASIO_HAS_THREADS=1 ASIO_HAS_PTHREADS=1)
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

# c-ares looks up names (docs/decisions/0004-names-by-c-ares.md). A cross build compiles it: from Debian's own source
# package, with its fixes, where './dev deps' has put that, otherwise from the release.
function(sluice_cares_from_source)
  set(SLUICE_CARES_SOURCE ${PROJECT_SOURCE_DIR}/build/tools/c-ares CACHE PATH "c-ares' source, if it is there")
  if(EXISTS ${SLUICE_CARES_SOURCE}/CMakeLists.txt)
    set(cares_SOURCE_DIR ${SLUICE_CARES_SOURCE})
    set(cares_BINARY_DIR ${PROJECT_BINARY_DIR}/_deps/cares-build)
  else()
    message(STATUS "cares: neither a system package nor a source in build/tools ('./dev deps windows' or 'macos'), "
                   "fetching 1.18.1")
    FetchContent_Declare(cares SOURCE_SUBDIR none
      URL https://github.com/c-ares/c-ares/releases/download/cares-1_18_1/c-ares-1.18.1.tar.gz
      URL_HASH SHA256=1a7d52a8a84a9fbffb1be9133c0f6e17217d91ea5a6fa61f6b4729cda78ebbcf)
    FetchContent_MakeAvailable(cares)
  endif()
  # Plain variables count as options (CMP0077); its minimum of 3.1 is too old for CMake 4.
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
  set(CARES_STATIC ON)
  set(CARES_SHARED OFF)
  set(CARES_INSTALL OFF)
  set(CARES_BUILD_TESTS OFF)
  set(CARES_BUILD_TOOLS OFF)
  if(NOT WIN32)
    # Query ids are seeded from it. A cross build would not find it on its own (CVE-2023-31124).
    set(CARES_RANDOM_FILE /dev/urandom CACHE FILEPATH "" FORCE)
  endif()
  add_subdirectory(${cares_SOURCE_DIR} ${cares_BINARY_DIR} EXCLUDE_FROM_ALL)
  get_target_property(library c-ares::cares_static ALIASED_TARGET)
  target_compile_options(${library} PRIVATE -w)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    # Debian's fix of CVE-2023-31130 uses a constant that glibc has.
    target_compile_definitions(${library} PRIVATE INADDRSZ=4)
  endif()
  get_target_property(includes ${library} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${library} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${includes}")
  target_link_libraries(dependency_cares INTERFACE c-ares::cares_static)
endfunction()

add_library(dependency_cares INTERFACE)
# Newer releases mark as old what 1.18.1 has nothing else for.
target_compile_definitions(dependency_cares INTERFACE CARES_NO_DEPRECATED)
find_package(c-ares CONFIG QUIET)
find_path(SLUICE_cares_INCLUDE ares.h)
find_library(SLUICE_cares_LIBRARY NAMES libcares.a cares)
if(TARGET c-ares::cares)
  target_link_libraries(dependency_cares INTERFACE c-ares::cares)
elseif(SLUICE_cares_INCLUDE AND SLUICE_cares_LIBRARY)
  target_include_directories(dependency_cares SYSTEM INTERFACE ${SLUICE_cares_INCLUDE})
  target_link_libraries(dependency_cares INTERFACE ${SLUICE_cares_LIBRARY})
else()
  sluice_cares_from_source()
endif()

# zlib compresses old log files (docs/decisions/0007-zlib.md). A cross build compiles it.
function(sluice_zlib_from_source)
  set(SLUICE_ZLIB_SOURCE ${PROJECT_SOURCE_DIR}/build/tools/zlib CACHE PATH "zlib's source, if it is there")
  set(zlib_SOURCE_DIR ${SLUICE_ZLIB_SOURCE})
  if(NOT EXISTS ${zlib_SOURCE_DIR}/zlib.h)
    message(STATUS "zlib: neither a system package nor a source in build/tools ('./dev deps windows' or 'macos'), "
                   "fetching 1.2.13")
    FetchContent_Declare(zlib SOURCE_SUBDIR none
      GIT_REPOSITORY https://github.com/madler/zlib GIT_TAG 04f42ceca40f73e2978b50e93806c2a18c1281fc)
    FetchContent_MakeAvailable(zlib)
  endif()
  list(TRANSFORM zlib_sources PREPEND ${zlib_SOURCE_DIR}/)
  add_library(sluice_zlib STATIC EXCLUDE_FROM_ALL ${zlib_sources})
  target_compile_options(sluice_zlib PRIVATE -w)
  target_compile_definitions(sluice_zlib PRIVATE HAVE_UNISTD_H)
  target_include_directories(dependency_zlib SYSTEM INTERFACE ${zlib_SOURCE_DIR})
  target_link_libraries(dependency_zlib INTERFACE sluice_zlib)
endfunction()

add_library(dependency_zlib INTERFACE)
set(zlib_sources adler32.c compress.c crc32.c deflate.c gzclose.c gzlib.c gzread.c gzwrite.c infback.c inffast.c inflate.c
  inftrees.c trees.c uncompr.c zutil.c)
find_path(SLUICE_zlib_INCLUDE zlib.h)
find_library(SLUICE_zlib_LIBRARY NAMES z zlib)
if(SLUICE_zlib_INCLUDE AND SLUICE_zlib_LIBRARY)
  target_include_directories(dependency_zlib SYSTEM INTERFACE ${SLUICE_zlib_INCLUDE})
  target_link_libraries(dependency_zlib INTERFACE ${SLUICE_zlib_LIBRARY})
else()
  sluice_zlib_from_source()
endif()

# nghttp2 has the frames and the field compression of HTTP/2 (docs/decisions/0010-http2.md). A cross build compiles it.
function(sluice_nghttp2_from_source)
  set(SLUICE_NGHTTP2_SOURCE ${PROJECT_SOURCE_DIR}/build/tools/nghttp2 CACHE PATH "nghttp2's source, if it is there")
  set(nghttp2_SOURCE_DIR ${SLUICE_NGHTTP2_SOURCE})
  if(NOT EXISTS ${nghttp2_SOURCE_DIR}/lib/nghttp2_session.c)
    message(STATUS "nghttp2: neither a system package nor a source in build/tools ('./dev deps windows' or 'macos'), "
                   "fetching 1.52.0")
    FetchContent_Declare(nghttp2 SOURCE_SUBDIR none
      GIT_REPOSITORY https://github.com/nghttp2/nghttp2 GIT_TAG be0491294a63d891bd12b6b1b7e372a45a5d0ffe)
    FetchContent_MakeAvailable(nghttp2)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${nghttp2_SOURCE_DIR}/lib/*.c)
  set(PACKAGE_VERSION 1.52.0)
  set(PACKAGE_VERSION_NUM 0x013400)
  configure_file(${nghttp2_SOURCE_DIR}/lib/includes/nghttp2/nghttp2ver.h.in
                 ${PROJECT_BINARY_DIR}/generated/nghttp2/nghttp2/nghttp2ver.h @ONLY)
  add_library(sluice_nghttp2 STATIC EXCLUDE_FROM_ALL ${sources})
  target_compile_options(sluice_nghttp2 PRIVATE -w)
  target_compile_definitions(sluice_nghttp2 PRIVATE NGHTTP2_STATICLIB HAVE_TIME_H
    $<IF:$<PLATFORM_ID:Windows>,HAVE_WINSOCK2_H,HAVE_ARPA_INET_H> $<$<NOT:$<PLATFORM_ID:Windows>>:HAVE_NETINET_IN_H>)
  set(includes ${nghttp2_SOURCE_DIR}/lib/includes ${PROJECT_BINARY_DIR}/generated/nghttp2)
  target_include_directories(sluice_nghttp2 PRIVATE ${includes})
  target_include_directories(dependency_nghttp2 SYSTEM INTERFACE ${includes})
  target_compile_definitions(dependency_nghttp2 INTERFACE NGHTTP2_STATICLIB)
  target_link_libraries(dependency_nghttp2 INTERFACE sluice_nghttp2)
endfunction()

add_library(dependency_nghttp2 INTERFACE)
find_path(SLUICE_nghttp2_INCLUDE nghttp2/nghttp2.h)
find_library(SLUICE_nghttp2_LIBRARY NAMES nghttp2)
if(SLUICE_nghttp2_INCLUDE AND SLUICE_nghttp2_LIBRARY)
  target_include_directories(dependency_nghttp2 SYSTEM INTERFACE ${SLUICE_nghttp2_INCLUDE})
  target_link_libraries(dependency_nghttp2 INTERFACE ${SLUICE_nghttp2_LIBRARY})
else()
  sluice_nghttp2_from_source()
endif()

# OpenSSL speaks TLS. The release that is fetched is of the branch that its makers look after until 2030.
set(SLUICE_OPENSSL_RELEASE 3.5.9)
set(SLUICE_OPENSSL_SHA256 603f5602e2eef00d77fbd429d34dcd5822bb301757a1bc9cdb24c670f1eb859a)
include(${CMAKE_CURRENT_LIST_DIR}/openssl.cmake)

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
