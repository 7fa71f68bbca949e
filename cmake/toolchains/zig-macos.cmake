# macOS by Zig as the cross compiler, for the CPU in sluice_zig_cpu. What it links cannot run here.
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/zig-run version
  RESULT_VARIABLE sluice_zig_result OUTPUT_QUIET ERROR_QUIET)
if(NOT sluice_zig_result EQUAL 0)
  message(FATAL_ERROR "zig is missing: './dev deps macos' installs it (Python package ziglang, "
                      "version in cmake/toolchains/zig-requirements.txt)")
endif()

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_VERSION 20)
if(sluice_zig_cpu STREQUAL "aarch64")
  set(CMAKE_SYSTEM_PROCESSOR arm64)
else()
  set(CMAKE_SYSTEM_PROCESSOR x86_64)
endif()

# macOS 11 is the first on arm64, and the first for which Zig has libproc.h.
set(CMAKE_C_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-cc -target ${sluice_zig_cpu}-macos.11.0)
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-c++ -target ${sluice_zig_cpu}-macos.11.0)
set(CMAKE_AR ${CMAKE_CURRENT_LIST_DIR}/zig-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${CMAKE_CURRENT_LIST_DIR}/zig-ranlib CACHE FILEPATH "")
# CMake insists on it for Darwin; nothing of ours has an install name to change.
set(CMAKE_INSTALL_NAME_TOOL true CACHE STRING "")
# Zig brings the headers and stubs of macOS: there is no SDK to look for.
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "")

set(CMAKE_FIND_ROOT_PATH ${CMAKE_BINARY_DIR}/nothing-of-the-host)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
