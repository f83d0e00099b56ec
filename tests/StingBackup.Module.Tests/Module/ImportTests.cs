using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Module;

public sealed class ImportTests
{
    [Fact]
    public void Importing_again_by_force_keeps_every_command()
    {
        using var shell = HostedShell.WithModule();
        const string Exports = "(Get-Module StingBackup).ExportedCommands.Keys";
        var first = shell.Run(Exports).Succeeded().Objects<string>();
        Assert.NotEmpty(first);
        for (var i = 0; i < 2; i++)
        {
            shell.Run("param($path) Import-Module $path -Force", ("path", Repository.Module)).Succeeded();
            Assert.Equal(first, shell.Run(Exports).Succeeded().Objects<string>());
            Assert.Equal(first.Count, shell.Run("Get-Command -Module StingBackup").Succeeded().Output.Count);
        }
    }

    [Fact]
    public void Removing_the_module_leaves_nothing_behind()
    {
        using var shell = HostedShell.WithModule();
        Assert.Empty(shell.Run("Remove-Module StingBackup; Get-Module -All").Succeeded().Output);
    }

    [Fact]
    public void Only_the_contracts_live_in_the_session_s_own_load_context()
    {
        using var shell = HostedShell.WithModule();
        var command = Commands.All(shell).OfType<CmdletInfo>().First();
        var own = AssemblyLoadContext.GetLoadContext(command.ImplementingType.Assembly)!;
        Assert.NotSame(AssemblyLoadContext.Default, own);
        Assert.Equal("StingBackup", own.Name);
        var engine = own.LoadFromAssemblyName(new AssemblyName("StingBackup.Engine"));
        Assert.Same(own, AssemblyLoadContext.GetLoadContext(engine));
        var contracts = own.LoadFromAssemblyName(new AssemblyName("StingBackup"));
        Assert.Same(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(contracts));
        Assert.Same(typeof(StingException).Assembly, contracts);
    }

    [Fact]
    public void Two_sessions_share_one_load_context()
    {
        using var one = HostedShell.WithModule();
        using var other = HostedShell.WithModule();
        static Assembly Of(HostedShell shell) => Commands.All(shell).OfType<CmdletInfo>().First().ImplementingType.Assembly;
        Assert.Same(Of(one), Of(other));
    }

    [Fact]
    public void The_native_compressor_is_found_in_the_module_s_own_folder()
    {
        using var shell = HostedShell.WithModule();
        var own = AssemblyLoadContext.GetLoadContext(Commands.All(shell).OfType<CmdletInfo>().First().ImplementingType.Assembly)!;
        var zstd = own.LoadFromAssemblyName(new AssemblyName("ZstdNet"));
        using var compressor = (IDisposable)Activator.CreateInstance(zstd.GetType("ZstdNet.Compressor", throwOnError: true)!)!;
        Assert.StartsWith(Repository.Module, zstd.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_names_every_export_and_nothing_else()
    {
        using var shell = HostedShell.WithModule();
        var manifest = shell.Run("param($path) Test-ModuleManifest $path", ("path", Path.Combine(Repository.Module, "StingBackup.psd1"))).Succeeded().Objects<PSModuleInfo>().Single();
        Assert.Equal(new Version(7, 6), manifest.PowerShellVersion);
        Assert.Equal(["Core"], manifest.CompatiblePSEditions);
        Assert.NotEmpty(manifest.Tags);
        Assert.NotNull(manifest.LicenseUri);
        Assert.NotNull(manifest.ProjectUri);
        Assert.NotEmpty(manifest.ReleaseNotes);
        var exported = manifest.ExportedCommands.Keys.Order(StringComparer.Ordinal);
        Assert.Equal(Commands.All(shell).Select(c => c.Name), exported);
        Assert.DoesNotContain(exported, name => name.Contains('*', StringComparison.Ordinal));
        var built = Commands.All(shell).OfType<CmdletInfo>().First().ImplementingType.Assembly.GetExportedTypes()
            .Select(t => t.GetCustomAttribute<CmdletAttribute>()).OfType<CmdletAttribute>().Select(a => $"{a.VerbName}-{a.NounName}").Order(StringComparer.Ordinal);
        Assert.Equal(built, Commands.All(shell).OfType<CmdletInfo>().Select(c => c.Name));
        Assert.Equal(manifest.Version, Version.Parse(typeof(StingException).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]));
    }
}
