@{
    RootModule           = 'StingBackup.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '8e8c399a-c0d9-4d56-bfb7-17780c915fb5'
    Author               = 'The StingBackup authors'
    CompanyName          = 'The StingBackup authors'
    Copyright            = '(c) The StingBackup authors. Apache-2.0.'
    Description          = 'Backs up, verifies and restores the Honey Reserve of a STING installation: deduplicated, compressed, encrypted by subject.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('StingBackup.Format.ps1xml')
    TypesToProcess       = @('StingBackup.Types.ps1xml')
    # Named one by one: a wildcard would make every session load the module to learn its commands.
    CmdletsToExport      = @(
        'Add-StingLegalHold'
        'Approve-StingRequest'
        'Compare-StingRestorePoint'
        'Complete-StingErasure'
        'Deny-StingRequest'
        'Export-StingBackupReport'
        'Export-StingKeyEscrow'
        'Export-StingMetric'
        'Find-StingInstallation'
        'Find-StingItem'
        'Get-StingApprovalRequest'
        'Get-StingApprover'
        'Get-StingArchiveRetrieval'
        'Get-StingAudit'
        'Get-StingBackupConfig'
        'Get-StingBackupLog'
        'Get-StingBackupReport'
        'Get-StingBackupStatus'
        'Get-StingErasure'
        'Get-StingErasureRequest'
        'Get-StingKey'
        'Get-StingLegalHold'
        'Get-StingMetadataCapture'
        'Get-StingRestorePlan'
        'Get-StingRestorePoint'
        'Get-StingRestorePointItem'
        'Get-StingRetentionPlan'
        'Get-StingTier'
        'Import-StingKeyEscrow'
        'Import-StingLegacyBackup'
        'Initialize-StingRepository'
        'Invoke-StingBackup'
        'Invoke-StingRetention'
        'New-StingApprover'
        'Optimize-StingRepository'
        'Register-StingApprover'
        'Register-StingHost'
        'Remove-StingLegalHold'
        'Remove-StingSubject'
        'Repair-StingRepository'
        'Request-StingArchiveRetrieval'
        'Restore-StingDatabase'
        'Restore-StingFile'
        'Restore-StingHoneyJar'
        'Restore-StingReserve'
        'Restore-StingUser'
        'Set-StingKeyProtection'
        'Set-StingTierQuota'
        'Start-StingMetadataCapture'
        'Stop-StingErasure'
        'Stop-StingMetadataCapture'
        'Sync-StingErasure'
        'Sync-StingTier'
        'Test-StingBackupConfig'
        'Test-StingBackupIntegrity'
        'Test-StingDestructionCertificate'
        'Test-StingKeyEscrow'
        'Unregister-StingApprover'
        'Unregister-StingHost'
        'Update-StingKey'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('Backup', 'Restore', 'Encryption', 'Deduplication', 'STING', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            LicenseUri   = 'https://www.apache.org/licenses/LICENSE-2.0'
            # The installation that this module protects.
            ProjectUri   = 'https://github.com/AlphaBytez/STING-CE'
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
