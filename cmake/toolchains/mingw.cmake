# Windows x64 by Debian's MinGW-w64, its tests run under Wine.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

foreach(tool x86_64-w64-mingw32-gcc-posix x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-windres wine)
  find_program(sluice_tool_${tool} ${tool})
  if(NOT sluice_tool_${tool})
    message(FATAL_ERROR "${tool} is missing: './dev deps windows' installs it (Debian and Ubuntu: "
                        "apt-get install g++-mingw-w64-x86-64-posix wine wine64)")
  endif()
endforeach()

# The -posix variant: the -win32 one of GCC 12 has no std::thread.
set(CMAKE_C_COMPILER ${sluice_tool_x86_64-w64-mingw32-gcc-posix})
set(CMAKE_CXX_COMPILER ${sluice_tool_x86_64-w64-mingw32-g++-posix})
set(CMAKE_RC_COMPILER ${sluice_tool_x86_64-w64-mingw32-windres})

# One .exe without DLLs of the compiler. GCC 12's static libstdc++ defines type_info::operator== a second
# time when nothing is inlined (GCC bug 110572): the linker is told to take the first.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--allow-multiple-definition")

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Each build tree has a Windows of its own.
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/wine-run;${CMAKE_BINARY_DIR}/wine)
