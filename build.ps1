#Requires -Version 7.6
<#
.SYNOPSIS
    Builds, tests, packs, or brings the help pages up to the built module. Thin over dotnet.
.DESCRIPTION
    Build   leaves the module in out/module/StingBackup, the programs in out/bin and the portal in out/portal.
    Test    builds and runs every test project.
    Help    builds, refreshes syntax and metadata of docs/help from the built module, and makes the offline help anew.
    Package makes what is handed out, in out/packages, as ./package.sh does.

    Uses the commands of Microsoft.PowerShell.Core alone, so that any host of the engine can run it.
.PARAMETER Task
    What to do.
.PARAMETER Configuration
    Release, or Debug.
.PARAMETER Filter
    Only tests that match, as 'dotnet test --filter' reads it.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Help', 'Package')]
    [string] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [string] $Filter
)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

function Invoke-DotNet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) {
        throw "'dotnet $args' ended with $LASTEXITCODE."
    }
}

function Get-RepositoryPath([string] $Relative) {
    [System.IO.Path]::Combine($PSScriptRoot, $Relative)
}

$solution = Get-RepositoryPath 'StingBackup.sln'
switch ($Task) {
    'Build' {
        Invoke-DotNet build $solution -c $Configuration
    }
    'Test' {
        [string[]] $only = @(if ($Filter) { '--filter', $Filter })
        Invoke-DotNet test $solution -c $Configuration @only
    }
    'Package' {
        Invoke-DotNet run -c $Configuration --project (Get-RepositoryPath 'build/Packager') '-p:ReadyToRun=false'
    }
    'Help' {
        $module = Get-RepositoryPath 'src/StingBackup.Cmdlets'
        Invoke-DotNet build $module -c $Configuration
        Invoke-DotNet run --no-build -c $Configuration --project (Get-RepositoryPath 'build/HelpBuilder') '--' refresh (Get-RepositoryPath 'out/module/StingBackup') (Get-RepositoryPath 'docs/help')
        Invoke-DotNet build $module -c $Configuration
    }
}
