# The two set-up commands on Windows: install what is missing, then call the presets of CMake.
# Needs Windows PowerShell 5.1 or newer.
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('run', 'test', 'deps', 'help')]
    [string] $Command = 'help',

    [Parameter(Position = 1, ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot

function Show-Help {
    @'
Usage: .\dev.ps1 COMMAND

  run [ARGUMENTS]   Install what is missing, build the preset "windows-release" and start the gateway.
  test              Install what is missing, build the preset "windows" and run the tests.
  deps              Only install.

Libraries come from vcpkg (vcpkg.json), into build\. It is looked for in VCPKG_ROOT, else on the path.
The compiler is MinGW-w64 GCC 12 or newer (winget install MSYS2.MSYS2, then
pacman -S mingw-w64-ucrt-x86_64-gcc) on the path.
'@
}

function Assert-Tool([string] $Name, [string] $Advice) {
    if (-not (Get-Command $Name -ErrorAction SilentlyContinue)) {
        throw "$Name is missing: $Advice"
    }
}

function Invoke-Checked([string] $Program, [string[]] $ProgramArguments) {
    & $Program @ProgramArguments
    if ($LASTEXITCODE -ne 0) { throw "$Program failed with exit code $LASTEXITCODE" }
}

function Get-Vcpkg {
    if ($env:VCPKG_ROOT) {
        $candidate = Join-Path $env:VCPKG_ROOT 'vcpkg.exe'
        if (Test-Path $candidate) { return $candidate }
    }
    Assert-Tool 'vcpkg' 'install vcpkg and set VCPKG_ROOT to its folder'
    return (Get-Command vcpkg).Source
}

function Install-Dependencies {
    foreach ($tool in @(@('cmake', 'Kitware.CMake'), @('ninja', 'Ninja-build.Ninja'))) {
        if (-not (Get-Command $tool[0] -ErrorAction SilentlyContinue)) {
            Assert-Tool 'winget' "install $($tool[0]) by hand"
            Invoke-Checked 'winget' @('install', '--id', $tool[1], '--exact', '--silent',
                '--accept-package-agreements', '--accept-source-agreements')
        }
    }
    Assert-Tool 'g++' 'install MSYS2 and its mingw-w64-ucrt-x86_64-gcc, and put its bin folder on the path'
    Invoke-Checked (Get-Vcpkg) @('install', '--triplet', 'x64-mingw-static',
        '--x-install-root', 'build\vcpkg')
}

switch ($Command) {
    'run' {
        Install-Dependencies
        Invoke-Checked 'cmake' @('--workflow', '--preset', 'windows-release')
        & 'build\windows-release\sluice.exe' run @Arguments
        exit $LASTEXITCODE
    }
    'test' {
        Install-Dependencies
        Invoke-Checked 'cmake' @('--workflow', '--preset', 'windows')
    }
    'deps' { Install-Dependencies }
    default { Show-Help }
}
