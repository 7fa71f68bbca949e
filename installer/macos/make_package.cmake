# Run by CPack when it has laid out the files: packs them.
include(${CPACK_SLUICE_SETTINGS})

foreach(tool pkgbuild productbuild)
  find_program(sluice_tool_${tool} ${tool})
  if(NOT sluice_tool_${tool})
    message(FATAL_ERROR "${tool} is missing: packages of macOS are made on a Mac, with Xcode's command line tools")
  endif()
endforeach()

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${result}")
  endif()
endfunction()

# Everything lies below /usr/local, so that no folder of the system's becomes a part of the package.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX})
if(NOT EXISTS ${root}/bin/sluice)
  message(FATAL_ERROR "${root}/bin/sluice is missing")
endif()
set(parts ${CPACK_TEMPORARY_DIRECTORY}/parts)
file(MAKE_DIRECTORY ${parts})
run(${sluice_tool_pkgbuild} --root ${root} --install-location ${CPACK_PACKAGING_INSTALL_PREFIX} --ownership recommended
    --identifier dev.sluice.gateway --version ${SLUICE_VERSION} --scripts ${SLUICE_MADE}/scripts ${parts}/gateway.pkg)

set(signing)
if(SLUICE_INSTALLER_IDENTITY)
  set(signing --timestamp --sign ${SLUICE_INSTALLER_IDENTITY})
  if(SLUICE_SIGNING_KEYCHAIN)
    list(APPEND signing --keychain ${SLUICE_SIGNING_KEYCHAIN})
  endif()
endif()
set(package ${parts}/${CPACK_PACKAGE_FILE_NAME}.pkg)
run(${sluice_tool_productbuild} --distribution ${SLUICE_MADE}/distribution.xml --resources ${SLUICE_MADE}/resources
    --package-path ${parts} ${signing} ${package})
# CPack puts it where packages go.
set(CPACK_EXTERNAL_BUILT_PACKAGES ${package})
