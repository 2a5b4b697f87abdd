# Hashes the sources that results of sweeps rest on: names below ROOT and contents, in the order of names, so that the
# same sources in another folder give the same hash (docs/decisions/0009-results-belong-to-a-build.md).
#
#   cmake -DROOT=FOLDER -DOUTPUT=FILE.inc -P build_hash.cmake      writes 16 hexadecimal digits as a C string
#
# Left out are the folders that no function of the evaluator calls: other engines, synthesis, bindings, pages.
cmake_policy(VERSION 3.25)  # links are not followed

function(qsim_hashed_sources root result)
  set(patterns)
  foreach(folder compiler hw sim)
    foreach(suffix h cpp def cfg)
      list(APPEND patterns ${root}/${folder}/*.${suffix})
    endforeach()
  endforeach()
  if(CMAKE_SCRIPT_MODE_FILE)
    file(GLOB_RECURSE sources RELATIVE ${root} ${patterns})
  else()
    file(GLOB_RECURSE sources RELATIVE ${root} CONFIGURE_DEPENDS ${patterns})
  endif()
  list(FILTER sources EXCLUDE REGEX "^sim/(systemc|engines/rtl|synth|python|report/page)/")
  list(SORT sources)
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  qsim_hashed_sources(${ROOT} sources)
  if(NOT sources)
    message(FATAL_ERROR "${ROOT} has no sources")
  endif()
  set(text "")
  foreach(source IN LISTS sources)
    file(SHA256 ${ROOT}/${source} hash)
    string(APPEND text "${source} ${hash}\n")
  endforeach()
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 16 hash)
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "\"${hash}\"\n" @ONLY)
endif()
