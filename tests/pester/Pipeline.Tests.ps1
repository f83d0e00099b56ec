#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Objects in a pipeline' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        # Not on TestDrive: what a Context wrote there goes with it, and with the audit records of its restores the chain would be cut.
        $folder = New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "sting-pipeline-$([guid]::NewGuid().ToString('n'))")
        Enter-SampleFolder $folder
        $first, $second = New-SampleInstallation
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Item -LiteralPath $folder -Recurse -Force
        Remove-Module Sample
    }

    Context 'By property name' {
        It 'restores a jar from a restore point' {
            $result = Get-StingRestorePoint -Latest -DataClass HoneyJars | Restore-StingHoneyJar -Id jar_123 -Destination ./jar
            $result.BackupIds | Should -Be $second.BackupId
            './jar/jars/jar_123/new.md' | Should -Exist
        }

        It 'restores one version of a file, with its own log and no warning' {
            $results = Find-StingItem document.pdf | Restore-StingFile -Destination ./versions -WarningVariable warnings
            @($results).Count | Should -Be 2
            $warnings | Should -BeNullOrEmpty
            # Both were written: the second beside the first.
            (Get-ChildItem ./versions -Recurse -File).Count | Should -Be 2
        }

        It 'restores exactly the items that were chosen' {
            Get-StingRestorePointItem $first.BackupId jars/jar_123 | Where-Object Name -Like '*.csv' | Restore-StingFile -Destination ./chosen
            (Get-ChildItem ./chosen -Recurse -File).Name | Should -Be 'report.csv'
        }

        It 'compares, verifies, restores and reads the log of what a backup put out' {
            ($second | Compare-StingRestorePoint -From $first.BackupId).Change | Should -Contain Removed
            ($second | Test-StingBackupIntegrity).Points | Should -Be 1
            ($second | Restore-StingUser -User other@example.com -Destination ./other).State | Should -Be Completed
            ($second | Restore-StingReserve -Destination ./reserve-again -Confirm:$false).State | Should -Be Completed
            $second | Get-StingBackupLog | Should -Not -BeNullOrEmpty
        }

        It 'goes on with the next one where one fails' {
            $results = 'none.txt', 'report.csv' | ForEach-Object { [pscustomobject]@{ File = $_ } } | Restore-StingFile -Destination ./some -ErrorAction SilentlyContinue -ErrorVariable failures
            $results.ItemsRestored | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'ItemNotFound,*'
        }

        It 'stops when a later command has enough' {
            (Get-StingRestorePointItem $first.BackupId -Recurse | Select-Object -First 1).Path | Should -Be 'conf'
        }
    }

    Context 'From another session' {
        It 'restores from a restore point, a version and an item that were stored' {
            Get-StingRestorePoint $first.BackupId -DataClass HoneyJars | Export-Clixml ./point.xml
            Find-StingItem document.pdf | Export-Clixml ./versions.xml
            Get-StingRestorePointItem $first.BackupId jars/jar_123 | Export-Clixml ./items.xml
            (Import-Clixml ./point.xml | Restore-StingHoneyJar -Id jar_456 -Destination ./stored).State | Should -Be Completed
            (Import-Clixml ./versions.xml)[0] | Restore-StingFile -Destination ./stored
            Import-Clixml ./items.xml | Restore-StingFile -Destination ./stored
            (Get-ChildItem ./stored -Recurse -File).Name | Sort-Object | Should -Be @('document.pdf', 'readme.md', 'readme.md', 'report.csv')
        }

        It 'shows a stored object as it shows a fresh one' {
            Get-StingRestorePoint | Export-Clixml ./points.xml
            Import-Clixml ./points.xml | Out-String -Width 100 | Should -Be (Get-StingRestorePoint | Out-String -Width 100)
            Find-StingItem document.pdf | Export-Clixml ./versions.xml
            Import-Clixml ./versions.xml | Out-String -Width 100 | Should -Be (Find-StingItem document.pdf | Out-String -Width 100)
        }

        It 'gives moments back as moments, to the second' {
            $point = Get-StingRestorePoint $first.BackupId -DataClass UserFiles
            $point | Export-Clixml ./point.xml
            ($point.Time - [datetimeoffset] (Import-Clixml ./point.xml).Time).TotalSeconds | Should -BeLessThan 1
        }

        It 'keeps what a status and a plan consist of' {
            Get-StingBackupStatus -Detailed | Export-Clixml ./status.xml
            $stored = Import-Clixml ./status.xml
            $stored.Classes[0].BackupId | Should -Be $second.BackupId
            $stored | Out-String | Should -Match 'UserFiles +(just now|\d+ min ago)'
            Restore-StingUser user@example.com -WhatIf | Export-Clixml ./plan.xml
            (Import-Clixml ./plan.xml).Preview.Path | Should -Contain 'users/user@example.com/document.pdf'
        }

        It 'works in a process of its own' {
            $job = Start-Job -WorkingDirectory $PWD.Path -ArgumentList (Get-Module StingBackup).Path {
                param($module)
                Import-Module $module
                Get-StingRestorePoint -Latest -DataClass UserFiles
            }
            $point = $job | Wait-Job -Timeout 60 | Receive-Job
            $job | Remove-Job -Force
            $point.pstypenames[0] | Should -Be 'Deserialized.StingBackup.RestorePoint'
            ($point | Restore-StingUser -User user@example.com -Destination ./remote).State | Should -Be Completed
        }
    }

    Context 'As PowerShell reads it' {
        It 'resolves the types that it shows' {
            $first.Type -is [StingBackup.BackupType] | Should -BeTrue
            [StingBackup.BackupType] 'Full' | Should -Be $first.Type
            (Get-StingRestorePoint)[0] -is [StingBackup.RestorePoint] | Should -BeTrue
        }

        It 'gives every list the methods of PowerShell' {
            $objects = @(
                Get-StingBackupStatus
                Restore-StingUser user@example.com -WhatIf
                Repair-StingRepository -WhatIf
                Test-StingBackupIntegrity
                $first
            )
            foreach ($list in $objects.ForEach({ $_.psobject.Properties }).Where({ $_.Value -is [System.Collections.IList] })) {
                @($list.Value.ForEach({ 1 })).Count | Should -Be $list.Value.Count -Because "$($list.Name) is a list"
            }
        }

        It 'sorts, groups and compares by what tells objects apart' {
            (Get-StingRestorePoint | Group-Object BackupId).Count | Should -Be 2
            Compare-Object (Get-StingRestorePoint) (Get-StingRestorePoint) | Should -BeNullOrEmpty
        }

        It 'becomes JSON and CSV' {
            (Get-StingRestorePoint | ConvertTo-Json | ConvertFrom-Json)[0].BackupId | Should -Be $first.BackupId
            (Get-StingRestorePoint | ConvertTo-Csv | ConvertFrom-Csv)[0].DataClass | Should -Be UserFiles
        }
    }
}
