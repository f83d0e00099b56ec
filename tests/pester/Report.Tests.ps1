#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

Describe 'A report' {
    BeforeAll {
        Set-StrictMode -Version 3
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
        Enter-SampleFolder $TestDrive
        $first, $second = New-SampleInstallation
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
    }

    AfterAll {
        $PSStyle.OutputRendering = $rendering
        Exit-SampleFolder
        Remove-Module Sample
    }

    It 'counts the runs of a month, in 80 columns' {
        $report = Get-StingBackupReport $first.StartedTime.ToString('yyyy-MM')
        $report.RunList.BackupId | Should -Be $first.BackupId, $second.BackupId
        $shown = $report | Out-String -Width 80
        $shown | Should -Match 'UserFiles'
        ($shown -split "`n" | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'is written as <_>' -ForEach 'html', 'pdf', 'md', 'json', 'csv' {
        (Get-StingBackupReport | Export-StingBackupReport "report.$_").Length | Should -BeGreaterThan 500
        { Export-StingBackupReport "report.$_" } | Should -Throw -ErrorId 'ReportExists*'
    }

    It 'can be read by programs' {
        $runs = (Get-Content report.json -Raw | ConvertFrom-Json).runs.total
        (Import-Csv report.csv | Where-Object figure -EQ runs.total).value | Should -Be $runs
    }
}
