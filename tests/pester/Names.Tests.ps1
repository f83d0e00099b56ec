#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Names, wrong and half typed' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        # Not on TestDrive: what a Context wrote there goes with it, and with the audit records of its looks the chain would be cut.
        $folder = New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "sting-names-$([guid]::NewGuid().ToString('n'))")
        Enter-SampleFolder $folder
        $first, $second = New-SampleInstallation
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Item -LiteralPath $folder -Recurse -Force
        Remove-Module Sample
    }

    Context 'Wrong' {
        It 'answers <command> with the nearest name' -ForEach @(
            @{ command = 'Restore-StingUser user@exmple.com'; nearest = 'user@example.com'; id = 'UserNotFound' }
            @{ command = 'Restore-StingHoneyJar jar_132'; nearest = 'jar_123'; id = 'JarNotFound' }
            @{ command = 'Restore-StingFile documnet.pdf'; nearest = 'document.pdf'; id = 'ItemNotFound' }
            @{ command = 'Find-StingItem *.pdf -Subject other@example.con'; nearest = 'other@example.com'; id = 'UserNotFound' }
            @{ command = 'Get-StingBackupConfig performance.paralel_threads -ErrorAction Stop'; nearest = 'performance.parallel_threads'; id = 'SettingUnknown' }
        ) {
            $failure = Get-TerminatingError ([scriptblock]::Create($command))
            $failure.FullyQualifiedErrorId | Should -BeLike "$id,*"
            $failure.Exception.Message | Should -Match ([regex]::Escape($nearest))
        }

        It 'says for <command> what to do next' -ForEach @(
            @{ command = 'Get-StingRestorePoint backup_19990101_000000'; id = 'BackupNotFound'; category = 'ObjectNotFound' }
            @{ command = 'Get-StingRestorePointItem backup_19990101_000000'; id = 'BackupNotFound'; category = 'ObjectNotFound' }
            @{ command = 'Restore-StingReserve -BackupId backup_19990101_000000 -Force'; id = 'BackupNotFound'; category = 'ObjectNotFound' }
            @{ command = 'Get-StingBackupReport soon'; id = 'MonthNotUnderstood'; category = 'InvalidArgument' }
            @{ command = 'Get-StingBackupLog backup_19990101_000000'; id = 'LogNotFound'; category = 'ObjectNotFound' }
            @{ command = 'Restore-StingUser user@example.com -Date soon'; id = 'DateNotUnderstood'; category = 'InvalidArgument' }
            @{ command = 'Test-StingBackupIntegrity -SamplePercent 200'; id = 'SampleNotUnderstood'; category = 'InvalidArgument' }
            @{ command = 'Get-StingBackupStatus -ConfigPath ./none.yaml'; id = 'ConfigurationNotFound'; category = 'ObjectNotFound' }
            @{ command = 'Initialize-StingRepository ./backups ./reserve -NoPassphrase -ConfigPath ./other.yaml -KeyDirectory ./other-keys'; id = 'RepositoryExists'; category = 'ResourceExists' }
        ) {
            $failure = Get-TerminatingError ([scriptblock]::Create($command))
            $failure.FullyQualifiedErrorId | Should -BeLike "$id,*"
            $failure.CategoryInfo.Category | Should -Be $category
            $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            $failure.Exception | Should -BeOfType StingBackup.StingException
        }

        It 'names file, line and remedy of a setting that is wrong' {
            $text = (Get-Content ./sting-backup.yaml -Raw) + "`nnonsense: 1`n"
            Set-Content ./wrong.yaml $text
            $finding = Test-StingBackupConfig -ConfigPath ./wrong.yaml | Where-Object Severity -EQ Error
            $finding.Key | Should -Be nonsense
            (Get-Content ./wrong.yaml)[$finding.Line - 1] | Should -Be 'nonsense: 1'
            $finding.Remedy | Should -Not -BeNullOrEmpty
            (Get-TerminatingError { Invoke-StingBackup -ConfigPath ./wrong.yaml }).FullyQualifiedErrorId | Should -BeLike 'ConfigurationInvalid,*'
        }
    }

    Context 'Half typed' {
        It 'completes runs for <_>, the newest first' -ForEach @(
            'Get-StingRestorePoint '
            'Get-StingRestorePointItem '
            'Restore-StingReserve -BackupId '
            'Restore-StingFile a.txt -BackupId back'
            'Compare-StingRestorePoint '
            'Test-StingBackupIntegrity -BackupId '
            'Get-StingBackupLog '
        ) {
            (Get-Completion $_).CompletionText | Should -Be @($second.BackupId, $first.BackupId)
        }

        It 'says beside a run what it is' {
            (Get-Completion 'Get-StingRestorePoint ')[1].ToolTip | Should -BeLike 'Full, *: *UserFiles*'
        }

        It 'completes people for <_>' -ForEach 'Restore-StingUser ', 'Restore-StingUser -Email ' {
            (Get-Completion $_).CompletionText | Should -Be @('other@example.com', 'user@example.com')
        }

        It 'completes jars' {
            (Get-Completion 'Restore-StingHoneyJar jar_1').CompletionText | Should -Be jar_123
        }

        It 'completes people and jars for <_>' -ForEach 'Find-StingItem a -Subject ', 'Restore-StingFile a -User ', 'Get-StingRestorePoint -Subject ', 'Compare-StingRestorePoint a b -Subject ' {
            (Get-Completion $_).CompletionText | Should -Be @('other@example.com', 'user@example.com', 'jar_123', 'jar_456')
        }

        It 'completes data classes, types and levels' {
            (Get-Completion 'Invoke-StingBackup -DataClass ').CompletionText | Should -Contain HoneyJars
            (Get-Completion 'Invoke-StingBackup ').CompletionText | Should -Be @('Archive', 'Full', 'Incremental')
            (Get-Completion 'Test-StingBackupIntegrity ').CompletionText | Should -Be @('Data', 'Packs', 'References', 'Structure')
            (Get-Completion 'Get-StingKey ').CompletionText | Should -Contain EpochSecret
        }

        It 'completes settings, each with its meaning' {
            $offer = Get-Completion 'Get-StingBackupConfig performance.compr'
            $offer.CompletionText | Should -Be performance.compression_level
            $offer.ToolTip | Should -Match zstd
        }

        It 'looks where -ConfigPath says, from anywhere' {
            Push-Location /
            try {
                (Get-Completion "Restore-StingHoneyJar -ConfigPath '$folder/sting-backup.yaml' -Id jar_4").CompletionText | Should -Be jar_456
                Get-Completion 'Restore-StingHoneyJar -ConfigPath ./none.yaml -Id jar_4' | Where-Object ResultType -EQ ParameterValue | Should -BeNullOrEmpty
            }
            finally {
                Pop-Location
            }
        }

        It 'explains a parameter while it is completed' {
            (Get-Completion 'Invoke-StingBackup -AsJ').ToolTip | Should -BeLike '*in the background*'
        }
    }
}
