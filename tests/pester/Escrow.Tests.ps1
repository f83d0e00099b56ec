#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'The host is lost, and its keys with it' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        # The second site: a key store replica and an epoch place move there, as an administrator moves them.
        $null = New-Item -ItemType Directory site2
        Move-Item keys/store-2 site2/store
        Move-Item keys/epoch-2 site2/epoch
        Move-Item keys/epoch epoch-1
        $places = "keys:`n  replicas:`n    - $PWD/site2/store`n  epoch_places:`n    - $PWD/epoch-1`n    - $PWD/site2/epoch`n"
        (Get-Content sting-backup.yaml -Raw) -replace '(?m)^keys:\n', $places | Set-Content sting-backup.yaml -NoNewline
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $new = ConvertTo-SecureString 'a new passphrase' -AsPlainText -Force
        $null = New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'says that there is no escrow' {
        (Get-StingBackupStatus).Escrow | Should -Be 'Missing'
        (Test-StingBackupConfig -Online).Problem -join ' ' | Should -Match 'no escrow of the keys'
    }

    It 'makes one, once it is approved' {
        (Export-StingKeyEscrow ./shares -WhatIf).Threshold | Should -Be 3
        { Export-StingKeyEscrow ./shares } | Should -Throw -ErrorId 'ApprovalRequired*'
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        $made = Export-StingKeyEscrow ./shares
        $made.ShareFiles | Should -HaveCount 5
        $made | Out-String | Should -Not -Match '(?m)^S1 '
        (Get-StingKey Escrow).State | Should -Be 'Ready'
        (Get-StingBackupStatus).Escrow | Should -Be 'Current'
    }

    It 'proves that three shares are enough, and that two are not' {
        $shares = Get-ChildItem shares -Filter *.txt | Sort-Object Name
        $check = Test-StingKeyEscrow $shares[0, 2, 4].FullName
        $check.IsRecoverable | Should -BeTrue
        $check.Records | Should -BeGreaterThan 0
        { Test-StingKeyEscrow $shares[0, 2].FullName } | Should -Throw -ErrorId 'EscrowSharesTooFew*'
        (Test-StingKeyEscrow $shares[1].FullName -SharesOnly).Given | Should -Be 2
    }

    It 'names a mistyped line' {
        $text = Get-Content (Get-ChildItem shares -Filter *share-4.txt)
        $text = $text -replace '^(S2 +)(.)', { $_.Groups[1].Value + ($_.Groups[2].Value -eq '7' ? 'K' : '7') }
        Set-Content ./typed.txt $text
        { Test-StingKeyEscrow ./typed.txt -SharesOnly } | Should -Throw '*Line S2*' -ErrorId 'EscrowShareMistyped*'
    }

    It 'comes back on a new host, equal to the last byte, and goes on' {
        $before = Get-ChildItem reserve -Recurse -File | ForEach-Object { $_.Name + (Get-FileHash -LiteralPath $_.FullName).Hash }
        # A new host knows the repository, the second site and the shares; all else is gone.
        $text = Get-Content sting-backup.yaml -Raw
        Remove-Item keys, state, cache, logs, epoch-1, sting-backup.yaml -Recurse -Force
        Set-Content ./sting-backup.yaml $text -NoNewline
        { Restore-StingReserve -Destination ./lost -Confirm:$false } | Should -Throw -ErrorId 'KeysMissing*'
        $shares = Get-ChildItem shares -Filter *.txt | Sort-Object Name
        $typed = New-Item -ItemType Directory typed
        $shares[1, 3, 4] | Copy-Item -Destination $typed
        $back = Import-StingKeyEscrow $typed -Passphrase $new -WarningAction SilentlyContinue
        $back.Protection | Should -Be 'Passphrase'
        $null = Restore-StingReserve -Destination ./back -Passphrase $new -Confirm:$false
        Get-ChildItem back -Recurse -File | ForEach-Object { $_.Name + (Get-FileHash -LiteralPath $_.FullName).Hash } | Should -Be $before
        $null = New-Item -ItemType Directory epoch-1
        $null = Repair-StingRepository -Passphrase $new -WarningAction SilentlyContinue -ErrorAction SilentlyContinue
        (Invoke-StingBackup).State | Should -Be 'Completed'
        (Get-StingAuditEvent | Where-Object Command -eq 'Import-StingKeyEscrow').State | Should -Be 'Sound'
    }

    It 'gets another passphrase, once that is approved' {
        $other = ConvertTo-SecureString 'another passphrase' -AsPlainText -Force
        (Set-StingKeyProtection Passphrase -WhatIf).From | Should -Be 'Passphrase'
        { Set-StingKeyProtection Passphrase -Passphrase $new -NewPassphrase $other } | Should -Throw -ErrorId 'ApprovalRequired*'
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        (Set-StingKeyProtection Passphrase -Passphrase $new -NewPassphrase $other).To | Should -Be 'Passphrase'
        { Find-StingItem document.pdf -Passphrase $new -ErrorAction Stop } | Should -Throw -ErrorId 'WrongPassphrase*'
        Find-StingItem document.pdf -Passphrase $other | Should -Not -BeNullOrEmpty
        { Set-StingKeyProtection -Rewrap } | Should -Throw -ErrorId 'KeyVaultNotUsed*'
    }
}
