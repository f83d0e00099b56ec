using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Security;
using System.Xml.Linq;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Module;

/// <summary>What holds of every command that the module exports, now and later.</summary>
public sealed class CommandShapeTests : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();

    public void Dispose() => _shell.Dispose();

    /// <summary>Asserts of every command, and names the ones that fail.</summary>
    private void Every(Func<CommandInfo, IEnumerable<string>> faults)
    {
        var commands = Commands.All(_shell);
        Assert.NotEmpty(commands);
        var found = commands.SelectMany(c => faults(c).Select(f => $"{c.Name}: {f}")).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    private static IEnumerable<string> When(bool wrong, string fault) => wrong ? [fault] : [];

    [Fact]
    public void Verbs_are_approved()
    {
        var approved = typeof(VerbsCommon).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == "System.Management.Automation" && t.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetRawConstantValue()!).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("Restore", approved);
        Every(c => When(!approved.Contains(c.Name.Split('-')[0]), "its verb is not approved"));
    }

    [Fact]
    public void Nouns_are_singular_and_begin_with_Sting() =>
        Every(c => When(!c.Name.Split('-')[1].StartsWith("Sting", StringComparison.Ordinal), "no prefix Sting")
            .Concat(When(c.Name.EndsWith('s') && !c.Name.EndsWith("Status", StringComparison.Ordinal), "a plural")));

    [Fact]
    public void Cmdlets_are_sealed_and_say_what_they_output() =>
        Every(c => When(c.OutputType.Count == 0, "no OutputType")
            .Concat(When(c is CmdletInfo { ImplementingType.IsSealed: false }, "not sealed")));

    [Fact]
    public void What_changes_state_can_be_asked_what_it_would_do() =>
        Every(c => When(!Commands.OnlyReads(c) && !c.Parameters.ContainsKey("WhatIf"), "no -WhatIf")
            .Concat(When(Commands.OnlyReads(c) && c.Parameters.ContainsKey("WhatIf"), "-WhatIf on what changes nothing")));

    [Fact]
    public void What_overwrites_or_destroys_for_good_asks_first_and_nothing_else_does()
    {
        string[] asking = ["Complete-StingErasure", "Invoke-StingRetention", "Remove-StingLegalHold", "Remove-StingSubject", "Request-StingArchiveRetrieval", "Restore-StingReserve", "Sync-StingErasure", "Update-StingRepository"];
        Assert.All(Commands.All(_shell).OfType<CmdletInfo>(), c =>
            Assert.Equal(asking.Contains(c.Name), c.ImplementingType.GetCustomAttribute<CmdletAttribute>()!.ConfirmImpact == ConfirmImpact.High));
    }

    [Fact]
    public void Parameters_have_a_help_message_in_one_line() =>
        Every(c => Commands.Parameters(c).SelectMany(p => p.ParameterSets.Values
            .Where(s => string.IsNullOrWhiteSpace(s.HelpMessage) || s.HelpMessage.Contains('\n', StringComparison.Ordinal) || s.HelpMessage.Length > 120)
            .Select(_ => $"-{p.Name} has no good HelpMessage")));

    [Fact]
    public void Parameters_are_singular_and_in_Pascal_case() =>
        Every(c => Commands.Parameters(c).SelectMany(p =>
            When(!char.IsAsciiLetterUpper(p.Name[0]), $"-{p.Name} is not in Pascal case")
                .Concat(When(p.Name.EndsWith('s') && !p.Name.EndsWith("ss", StringComparison.Ordinal) && p.ParameterType.IsArray, $"-{p.Name} is a plural"))));

    [Fact]
    public void Every_parameter_type_can_be_seen_by_a_user() =>
        Every(c => Commands.Parameters(c).SelectMany(p =>
        {
            var assembly = (p.ParameterType.IsArray ? p.ParameterType.GetElementType()! : p.ParameterType).Assembly.GetName().Name!;
            return When(assembly is "StingBackup.Engine" or "StingBackup.Cmdlets", $"-{p.Name} is of a type in the module's own load context");
        }));

    [Fact]
    public void Every_output_type_is_public_and_in_the_contracts() =>
        Every(c => c.OutputType.Where(o => o.Type is null || (!o.Type.IsPrimitive && o.Type.Assembly != typeof(StingException).Assembly && o.Type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true))
            .Select(o => $"outputs {o.Name}, which is not in StingBackup.dll"));

    [Fact]
    public void Secrets_come_as_secure_strings() =>
        Every(c => Commands.Parameters(c)
            .Where(p => p.Name.Contains("Passphrase", StringComparison.Ordinal) || p.Name.Contains("Password", StringComparison.Ordinal) || p.Name.Contains("Secret", StringComparison.Ordinal))
            .Where(p => p.ParameterType != typeof(SecureString) && !p.SwitchParameter).Select(p => $"-{p.Name} is no SecureString"));

    [Theory]
    [InlineData("BackupId")]
    [InlineData("Subject")]
    [InlineData("User")]
    [InlineData("Id")]
    public void Ids_are_completed(string parameter) =>
        Every(c => Commands.Parameters(c).Where(p => p.Name == parameter && !p.Attributes.OfType<ArgumentCompleterAttribute>().Any()).Select(p => $"-{p.Name} has no completer"));

    [Fact]
    public void Every_output_type_has_a_view()
    {
        var viewed = XDocument.Load(Path.Combine(Repository.Module, "StingBackup.Format.ps1xml")).Descendants("TypeName").Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        Every(c => c.OutputType.Where(o => o.Type?.Assembly == typeof(StingException).Assembly && !viewed.Contains(o.Type.FullName!)).Select(o => $"no view for {o.Name}"));
    }

    [Fact]
    public void Scripts_parse_and_bind_strictly()
    {
        foreach (var path in Directory.EnumerateFiles(Repository.Module, "*.ps*1"))
        {
            Parser.ParseFile(path, out _, out var errors);
            Assert.Empty((IEnumerable)errors);
        }
        Assert.Contains("Set-StrictMode -Version 3", File.ReadAllText(Path.Combine(Repository.Module, "StingBackup.psm1")), StringComparison.Ordinal);
    }

    [Fact]
    public void Scenarios_parse_and_every_command_occurs_in_one()
    {
        // Where there is no pwsh with Pester, this is all that is known of them.
        var used = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "pester"), "*.ps*1", SearchOption.AllDirectories))
        {
            var tree = Parser.ParseFile(path, out _, out var errors);
            Assert.True(errors.Length == 0, $"{path}: {string.Join(' ', errors.Select(e => e.ToString()))}");
            used.UnionWith(tree.FindAll(a => a is CommandAst, searchNestedScriptBlocks: true).Select(a => ((CommandAst)a).GetCommandName()).OfType<string>());
        }
        Assert.Empty(Commands.All(_shell).Select(c => c.Name).Except(used, StringComparer.Ordinal));
    }
}
