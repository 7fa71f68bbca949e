# Warnings for our own targets: link sluice_warnings privately. Dependencies are SYSTEM and stay quiet.
add_library(sluice_warnings INTERFACE)
target_compile_options(sluice_warnings INTERFACE
  -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow> -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wnull-dereference)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside std and in coroutine frames, where nothing of ours is wrong
  # (GCC bugs 105562, 105329, 98401).
  target_compile_options(sluice_warnings INTERFACE
    -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict -Wno-missing-field-initializers)
else()
  target_compile_options(sluice_warnings INTERFACE -Wno-missing-field-initializers
    -Wno-missing-designated-field-initializers -Wno-unknown-warning-option)
endif()
if(SLUICE_WARNINGS_AS_ERRORS)
  target_compile_options(sluice_warnings INTERFACE -Werror)
endif()
