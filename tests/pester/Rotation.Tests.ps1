#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'Keys are renewed every quarter' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $null = New-SampleInstallation
        $packs = { Get-ChildItem -Recurse -File (Get-StingBackupStatus).Repository | Where-Object FullName -Match '[\\/](data|meta)[\\/]' | Get-FileHash | ForEach-Object { $_.Path + $_.Hash } | Sort-Object }
        $before = & $packs
        $own = ConvertTo-SecureString "the officer's own words" -AsPlainText -Force
        $null = New-StingApprover 'Officer' ./officer.approver -ApproverPassphrase $own | Register-StingApprover -Confirm:$false
    }

    AfterAll {
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'shows when they are due' {
        $kek = Get-StingKey -Kind KeyVault
        $kek.DueTime | Should -Be $kek.CreatedTime.AddDays(90)
        Update-StingKey -Kind Epoch -Due | Should -BeNullOrEmpty
    }

    It 'plans first' {
        $plan = Update-StingKey -Kind KeyEncryptionKey -WhatIf
        $plan.NeedsApproval | Should -BeTrue
        $plan | Out-String | Should -Match 'KEK 1 is replaced by 2'
    }

    It 'renews the KEK once it is approved' {
        { Update-StingKey -Kind KeyEncryptionKey } | Should -Throw -ErrorId 'ApprovalRequired*'
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        $result = Update-StingKey -Kind KeyEncryptionKey
        $result.State | Should -Be 'Completed'
        $result.KekGeneration | Should -Be 2
    }

    It 'renews the epoch and the keys of subjects' {
        (Update-StingKey -Kind Epoch).Epoch | Should -Be 3
        (Update-StingKey -Kind Subject -User user@example.com).Claims | Should -Be 1
        (Update-StingKey -Kind Subject).Claims | Should -BeGreaterThan 1
        @(Get-StingAuditEvent | Where-Object Command -EQ 'Update-StingKey').Count | Should -BeGreaterThan 3
    }

    It 'renews the key role''s signing key once it is approved, and hosts that pin the old or the new one go on' {
        $old = (Get-StingKey -Kind KeyRole).Fingerprint
        { Update-StingKey -Kind Signing } | Should -Throw -ErrorId 'ApprovalRequired*'
        $null = Get-StingApproval | Approve-StingApproval -KeyFile ./officer.approver -ApproverPassphrase $own -Confirm:$false
        $result = Update-StingKey -Kind Signing
        $result.KeyFingerprint | Should -Not -Be $old
        (Get-StingKey -Kind KeyRole).Fingerprint | Should -Be $result.KeyFingerprint
        (Get-StingBackupStatus).Repository | Should -Not -BeNullOrEmpty
        $text = Get-Content -Raw sting-backup.yaml
        $text | Should -Match $old
        Set-Content sting-backup.yaml $text.Replace($old, $result.KeyFingerprint) -NoNewline
        (Invoke-StingBackup).State | Should -Be 'Completed'
        (Test-StingBackupIntegrity -Level Data).Faults | Should -BeNullOrEmpty
    }

    It 'says what a new writer secret makes to be stored again, and the next run stores it' {
        $plan = Update-StingKey -Kind Subject -User user@example.com -NewWriterSecret -WhatIf
        $plan.StoredAgainBytes | Should -BeGreaterThan 0
        $plan | Out-String | Should -Match 'stored again by the next run'
        (Update-StingKey -Kind Subject -User user@example.com -NewWriterSecret).Claims | Should -Be 1
    }

    It 'touches no pack, and old restore points open' {
        & $packs | Should -Be $before
        $null = Restore-StingUser user@example.com -Destination back
        @(Get-ChildItem -Recurse -File back).Count | Should -BeGreaterThan 0
        (Test-StingBackupIntegrity -Level Data).Faults | Should -BeNullOrEmpty
    }
}
