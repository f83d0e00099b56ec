#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'The module in a session' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        $module = (Get-Module StingBackup).Path
        # Sessions of their own, so that what they do to the module stays there.
        function Invoke-Session([string] $Script) {
            $told = pwsh -NoProfile -NonInteractive -Command "`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; `$module = '$module'; $Script" 2>&1
            $told | ForEach-Object { "$_" }
        }
    }

    AfterAll {
        Remove-Module Sample
    }

    It 'is imported again and again, and removed without a trace' {
        Invoke-Session 'Import-Module $module; Import-Module $module -Force; Import-Module $module -Force; (Get-Command -Module StingBackup).Count; Remove-Module StingBackup; (Get-Command *-Sting*).Count; (Get-Module *Sting*).Count' |
            Should -Be @("$((Get-Command -Module StingBackup).Count)", '0', '0')
    }

    It 'works in strict mode, and in English words whatever the culture' {
        Invoke-Session "Set-StrictMode -Version 3; [cultureinfo]::CurrentUICulture = 'de-DE'; Import-Module `$module; try { Get-StingBackupStatus -ConfigPath '$TestDrive/none.yaml' } catch { `$_.ErrorDetails.RecommendedAction }" |
            Should -BeLike 'Make one with Initialize-StingRepository*'
    }

    It 'names its commands without being imported' {
        Invoke-Session '$env:PSModulePath = Split-Path (Split-Path $module); (Get-Command Get-StingBackupStatus).ModuleName' | Should -Be StingBackup
    }

    It 'resolves its types at once' {
        Invoke-Session 'Import-Module $module; [StingBackup.BackupType]::Full' | Should -Be Full
    }

    It 'brings no library of its own into the session' {
        Invoke-Session 'Import-Module $module; [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name -like "*Sting*"' | Should -Be StingBackup
    }

    It 'has a valid manifest' {
        $manifest = Test-ModuleManifest (Join-Path (Split-Path $module) 'StingBackup.psd1')
        $manifest.ExportedCommands.Count | Should -Be (Get-Command -Module StingBackup).Count
        $manifest.PowerShellVersion | Should -Be '7.6'
    }
}
