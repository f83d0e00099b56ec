#requires -Version 7.6
Set-StrictMode -Version 3

$repositoryRoot = Split-Path (Split-Path (Split-Path $PSScriptRoot))

# The built module; STING_BACKUP_MODULE names another one, such as an installed one.
function Import-StingModule {
    $path = $env:STING_BACKUP_MODULE ? $env:STING_BACKUP_MODULE : (Join-Path $repositoryRoot 'out' 'module' 'StingBackup')
    if (-not (Test-Path -LiteralPath $path)) {
        throw "The module is not built: '$path' is not there. Run 'dotnet build -c Release' first."
    }
    Import-Module $path -Global -ErrorAction Stop
}

# Where the pages of help lie.
function Get-HelpFolder {
    Join-Path $repositoryRoot 'docs' 'help'
}

# A file in the reserve of the current folder.
function Set-ReserveFile {
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [string] $Text
    )
    $null = New-Item -ItemType File -Path (Join-Path $PWD 'reserve' $Path) -Value $Text -Force
}

# A small reserve in the current folder: two people, two jars, a setting.
function New-SampleReserve {
    Set-ReserveFile 'users/user@example.com/document.pdf' '%PDF-1.7 the first version'
    Set-ReserveFile 'users/user@example.com/notes/todo.txt' 'buy honey'
    Set-ReserveFile 'users/other@example.com/picture of a bee.png' ('x' * 70000)
    Set-ReserveFile 'jars/jar_123/readme.md' '# Jar 123'
    Set-ReserveFile 'jars/jar_123/report.csv' (1..5000 -join "`n")
    Set-ReserveFile 'jars/jar_456/readme.md' '# Jar 456'
    Set-ReserveFile 'conf/config.yml' 'version: 1'
}

# Every place that a repository needs, all of them in the current folder.
function Get-SamplePlace {
    @{
        BackupRoot     = Join-Path $PWD 'backups'
        Reserve        = Join-Path $PWD 'reserve'
        ConfigPath     = Join-Path $PWD 'sting-backup.yaml'
        KeyDirectory   = Join-Path $PWD 'keys'
        StateDirectory = Join-Path $PWD 'state'
        CacheDirectory = Join-Path $PWD 'cache'
        LogDirectory   = Join-Path $PWD 'logs'
        TimeZone       = 'UTC'
    }
}

# Goes into a folder, where cmdlets find ./sting-backup.yaml. A file that the environment names would come first.
function Enter-SampleFolder {
    param([Parameter(Mandatory)] [string] $Path)
    $script:configuration = $env:STING_BACKUP_CONFIG
    $env:STING_BACKUP_CONFIG = $null
    Push-Location -LiteralPath $Path -StackName StingSample
}

function Exit-SampleFolder {
    Pop-Location -StackName StingSample
    $env:STING_BACKUP_CONFIG = $script:configuration
}

# The reserve with a repository whose key file is open, and two runs: a full one, and an incremental one after a change. Outputs the two results.
function New-SampleInstallation {
    New-SampleReserve
    $places = Get-SamplePlace
    $null = Initialize-StingRepository @places -NoPassphrase -Setting keys.spares=20 -WarningAction SilentlyContinue
    Invoke-StingBackup -Type Full
    Set-ReserveFile 'users/user@example.com/document.pdf' '%PDF-1.7 the second version, which is longer'
    Set-ReserveFile 'jars/jar_123/new.md' '# New'
    Remove-Item (Join-Path $PWD 'reserve' 'users' 'user@example.com' 'notes' 'todo.txt')
    Invoke-StingBackup
}

# An archive as manage_sting.sh backup writes it, in a folder of the current one. Outputs its path.
function New-OldArchive {
    param([string] $Time = '20231102_020000')
    $content = Join-Path $PWD "installation-$Time"
    $null = New-Item -ItemType File -Path (Join-Path $content 'conf' 'config.yml') -Value 'version: 0' -Force
    $null = New-Item -ItemType File -Path (Join-Path $content 'docker-compose.yml') -Value 'services: {}' -Force
    $null = New-Item -ItemType File -Path (Join-Path $content "db_backup_$Time.sql") -Value "--`n-- PostgreSQL database dump`n--`n-- $Time" -Force
    $folder = New-Item -ItemType Directory -Path (Join-Path $PWD 'old-backups') -Force
    $path = Join-Path $folder "sting_backup_$Time.tar.gz"
    tar czf $path -C $content .
    $path
}

# A STING installation in the current folder, from tests/fixtures, with the volumes that its containers name. Outputs its folder, and that of a stand-in for docker.
function New-InstallationFolder {
    $fixtures = Join-Path $repositoryRoot 'tests' 'fixtures'
    $install = Join-Path $PWD 'sting-ce'
    $bin = Join-Path $PWD 'bin'
    $volumes = Join-Path $PWD 'volumes'
    Copy-Item -LiteralPath (Join-Path $fixtures 'sting') -Destination $install -Recurse -Force
    $null = New-Item -ItemType Directory -Path $bin
    Copy-Item -LiteralPath (Join-Path $fixtures 'docker' 'docker') -Destination $bin
    $inspect = (Get-Content -LiteralPath (Join-Path $fixtures 'docker' 'inspect.json') -Raw).Replace('@INSTALL@', $install).Replace('@VOLUMES@', $volumes)
    Set-Content -LiteralPath (Join-Path $bin 'inspect.json') -Value $inspect
    foreach ($mount in ($inspect | ConvertFrom-Json).Mounts | Where-Object Type -EQ volume) {
        $null = New-Item -ItemType Directory -Path $mount.Source -Force
    }
    $null = New-Item -ItemType File -Force -Value '# a document' -Path (
        Join-Path $volumes 'kx7_jar_documents' '_data' '22222222-2222-4222-8222-222222222222' '33333333-3333-4333-8333-333333333333_notes.md')
    $install, $bin
}

# Path within the folder and SHA-256 of every file below it, one line each.
function Get-TreeHash {
    param([Parameter(Mandatory)] [string] $Path)
    Get-ChildItem -LiteralPath $Path -Recurse -File -Force |
        ForEach-Object { '{0} {1}' -f (Get-FileHash -LiteralPath $_.FullName).Hash, [System.IO.Path]::GetRelativePath((Resolve-Path -LiteralPath $Path).Path, $_.FullName) } |
        Sort-Object
}

# What TabExpansion2 offers at the end of a line.
function Get-Completion {
    param([Parameter(Mandatory)] [string] $Line)
    (TabExpansion2 $Line $Line.Length).CompletionMatches
}

# The error record with which a script block ends.
function Get-TerminatingError {
    param([Parameter(Mandatory)] [scriptblock] $Script)
    try {
        $null = & $Script
    }
    catch {
        return $_
    }
    throw 'It was expected to fail, and did not.'
}

Export-ModuleMember -Function '*-*'
