# One switch for every target, the dependencies' sources that we compile included.
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  if(SLUICE_SANITIZE MATCHES "address")
    # What is used after it was given back would be hidden by a pool: small blocks are not kept, large ones poisoned.
    add_compile_definitions(SLUICE_UNPOOLED)
  endif()
  if(SLUICE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns that fences are not seen; Asio's stand beside locks that are.
    add_compile_options(-Wno-tsan)
  endif()
endif()
