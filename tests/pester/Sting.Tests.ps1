#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

# From a STING installation to its first backup. Docker is a stand-in on the path.
Describe 'A STING installation' -Skip:$IsWindows {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $install, $docker = New-InstallationFolder
        $path = $env:PATH
        $env:PATH = "$docker$([System.IO.Path]::PathSeparator)$path"
        $places = Get-SamplePlace
        $places.Remove('Reserve')
    }

    AfterAll {
        $env:PATH = $path
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'is found with its volumes, by the answers of Docker' {
        $found = Find-StingInstallation $install
        $found.Docker | Should -Be Answered
        ($found.Places | Where-Object Kind -EQ JarDocuments).Path | Should -Be (Join-Path $PWD 'volumes' 'kx7_jar_documents' '_data')
        $found.Database.Port | Should -Be 5433
        $found.NotFound.What | Should -Be "Vault's port"
    }

    It 'is not found where there is none' {
        $failure = Get-TerminatingError { Find-StingInstallation ./volumes }
        $failure.FullyQualifiedErrorId | Should -BeLike 'StingNotFound,*'
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'shows what would be configured, and makes nothing' {
        $plan = Find-StingInstallation $install | Initialize-StingRepository @places -WhatIf -WarningAction SilentlyContinue
        $plan.Settings.Key | Should -Contain 'vault.address'
        $plan.Tasks.Count | Should -Be 2
        './backups' | Should -Not -Exist
        ($plan | Out-String -Width 200) | Should -Not -MatchExactly 'SECRET-'
    }

    It 'gets a configuration that is sound, without a secret in it' {
        $made = Initialize-StingRepository @places -Sting $install -NoPassphrase -WarningAction SilentlyContinue
        $made.ConfigurationFile | Should -FileContentMatchExactly 'postgresql:'
        $made.ConfigurationFile | Should -Not -FileContentMatchExactly 'SECRET-'
        Test-StingBackupConfig | Where-Object Severity -EQ Error | Should -BeNullOrEmpty
        './pgpass', './vault-secret-id' | Should -Not -Exist
    }

    It 'backs up what can be reached, and names what cannot' {
        $result = Invoke-StingBackup -DataClass HoneyJars, Secrets -ErrorAction SilentlyContinue -ErrorVariable failures
        $result.Classes | Should -Contain HoneyJars
        (Get-StingRestorePointItem $result.BackupId -Path jars -Recurse).Path | Should -Contain 'jars/22222222-2222-4222-8222-222222222222/33333333-3333-4333-8333-333333333333_notes.md'
    }
}
