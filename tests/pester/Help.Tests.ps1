#requires -Version 7.6
#requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.5.0' }

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
    Import-StingModule
    $commands = (Get-Command -Module StingBackup).Name
    $hasPlatyPS = [bool] (Get-Module -ListAvailable Microsoft.PowerShell.PlatyPS)
}

Describe 'Help' {
    BeforeAll {
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
    }

    AfterAll {
        Remove-Module Sample
    }

    It 'is there in full: <_>' -ForEach $commands {
        $text = Get-Help $_ -Full | Out-String -Width 100
        foreach ($part in 'SYNOPSIS', 'SYNTAX', 'DESCRIPTION', 'PARAMETERS', 'OUTPUTS', 'RELATED LINKS', 'EXAMPLE 1') {
            $text | Should -Match $part
        }
        # A free line before each example, and no heading over nothing.
        ($text -split '\r?\n').Where({ $_.Trim() -like '--- Example *' }).Count | Should -Be ([regex]::Matches($text, '(?m)^ *\r?\n *--- Example ').Count)
        $text | Should -Not -Match '(?m)^NOTES\r?\n\s*\n\s*--- Example'
        $help = Get-Help $_
        foreach ($name in (Get-Command $_).Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.Cmdlet]::CommonParameters -and $_ -notin [System.Management.Automation.Cmdlet]::OptionalCommonParameters }) {
            $help.parameters.parameter.name | Should -Contain $name
        }
    }

    It 'explains every topic: <_>' -ForEach 'about_StingBackup', 'about_StingBackup_Automation', 'about_StingBackup_Errors', 'about_StingBackup_Keys', 'about_StingBackup_Recovery', 'about_StingBackup_Tiers', 'about_StingBackup_Erasure' {
        Get-Help $_ | Out-String | Should -Match 'SHORT DESCRIPTION'
    }

    It 'is a page of the schema, and true to the command: <_>' -ForEach $commands -Skip:(-not $hasPlatyPS) {
        Import-Module Microsoft.PowerShell.PlatyPS
        $path = Join-Path (Get-HelpFolder) "$_.md"
        Test-MarkdownCommandHelp -Path $path | Should -BeTrue
        $page = Import-MarkdownCommandHelp -Path $path
        $fresh = New-CommandHelp -CommandInfo (Get-Command $_)
        $page.Syntax.ForEach({ "$_" }) | Sort-Object | Should -Be ($fresh.Syntax.ForEach({ "$_" }) | Sort-Object)
        foreach ($parameter in $fresh.Parameters) {
            $written = $page.Parameters.Where({ $_.Name -eq $parameter.Name })
            $written.Count | Should -Be 1 -Because "-$($parameter.Name) is described once"
            # That a value may be left out is said by the syntax, and Nullable says nothing to a reader.
            $written[0].Type | Should -Be ($parameter.Type -replace '^System\.Nullable`1\[(.+)\]$', '$1') -Because "it is the type of -$($parameter.Name)"
            foreach ($property in 'SupportsWildcards', 'VariableLength', 'DontShow') {
                $written[0].$property | Should -Be $parameter.$property -Because "$property of -$($parameter.Name)"
            }
            $written[0].Aliases | Should -Be $parameter.Aliases
        }
        $page.Parameters.Count | Should -Be $fresh.Parameters.Count
    }
}

Describe 'The scenarios' {
    BeforeAll {
        Import-Module (Join-Path $PSScriptRoot 'Support' 'Sample.psm1')
        Import-StingModule
    }

    AfterAll {
        Remove-Module Sample
    }

    It 'use every command of the module, and no other' {
        $used = Get-ChildItem $PSScriptRoot -Filter *.Tests.ps1 | Where-Object Name -NE Help.Tests.ps1 | ForEach-Object {
            $tree = [System.Management.Automation.Language.Parser]::ParseFile($_.FullName, [ref] $null, [ref] $null)
            @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)).ForEach({ $_.GetCommandName() }) -like '*-Sting*'
        }
        $used | Where-Object { $_ -ne 'Import-StingModule' } | Sort-Object -Unique | Should -Be ((Get-Command -Module StingBackup).Name | Sort-Object)
    }

    It 'are written without aliases' {
        Get-ChildItem $PSScriptRoot -Recurse -Include *.ps1, *.psm1 | ForEach-Object {
            $tree = [System.Management.Automation.Language.Parser]::ParseFile($_.FullName, [ref] $null, [ref] $null)
            @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)).ForEach({ $_.GetCommandName() }) | Where-Object { $_ -and (Test-Path -LiteralPath "Alias:$_") }
        } | Should -BeNullOrEmpty
    }
}
