# Functions that declare our targets; each folder's CMakeLists.txt is a list of its sources and its row
# of the layer table in docs/architecture.md.

# sluice_join_sources(TARGET)
# With SLUICE_UNITY a target of src/ or tests/ is compiled as few large files, in a third of the time. What each file says by itself, and
# warnings that only make sense there, are held by the builds without it.
function(sluice_join_sources target)
  if(SLUICE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    # A name of one file is not a shadow in another; sluice_warnings asks for that warning only elsewhere.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# sluice_library(NAME SOURCES a.cpp ... DEPENDS base http ... [PRIVATE lib ...])
# A folder of src/ or platform/ as the target sluice_NAME. DEPENDS names sluice folders or imported targets.
function(sluice_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(sluice_${name} STATIC ${arg_SOURCES})
  target_include_directories(sluice_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(dependency IN LISTS arg_DEPENDS)
    if(TARGET ${dependency})
      target_link_libraries(sluice_${name} PUBLIC ${dependency})
    else()
      target_link_libraries(sluice_${name} PUBLIC sluice_${dependency})
    endif()
  endforeach()
  target_link_libraries(sluice_${name} PRIVATE sluice_warnings ${arg_PRIVATE})
  string(FIND ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src/ in_src)
  if(in_src EQUAL 0)
    sluice_join_sources(sluice_${name})
  endif()
endfunction()

# sluice_prefer_size(NAME)
# For what runs at the start and at an operator's word: Release builds make it small, which is resident memory saved.
function(sluice_prefer_size name)
  target_compile_options(sluice_${name} PRIVATE $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU,Clang,AppleClang>>:-Os>)
endfunction()

# sluice_unit_test(FOLDER SOURCES a_test.cpp ... DEPENDS folder ...)
# One Catch2 program per folder: unit_FOLDER. On Windows targets it runs under Wine by the toolchain's emulator.
function(sluice_unit_test folder)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(unit_${folder} ${arg_SOURCES} $<TARGET_OBJECTS:sluice_catch_main>)
  target_include_directories(unit_${folder} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(unit_${folder} PRIVATE SLUICE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(unit_${folder} PRIVATE sluice_warnings dependency_catch2)
  foreach(dependency IN LISTS arg_DEPENDS)
    if(TARGET ${dependency})
      target_link_libraries(unit_${folder} PRIVATE ${dependency})
    else()
      target_link_libraries(unit_${folder} PRIVATE sluice_${dependency})
    endif()
  endforeach()
  sluice_join_sources(unit_${folder})
  add_test(NAME unit_${folder} COMMAND unit_${folder})
  set_tests_properties(unit_${folder} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
