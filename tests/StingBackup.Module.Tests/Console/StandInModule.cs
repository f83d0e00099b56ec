using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Console;

/// <summary>A module of the product's name whose one command the test writes, so that the host's part can be shown without an engine behind it.</summary>
internal sealed class StandInModule : IDisposable
{
    /// <summary>The command that the program's word <c>config</c> calls.</summary>
    public const string Word = "config";

    private readonly TemporaryFolder _folder = new();

    /// <summary>Writes it.</summary>
    /// <param name="function">Attributes, parameters and body of the command.</param>
    public StandInModule(string function)
    {
        Path = Directory.CreateDirectory(_folder["StingBackup"]).FullName;
        File.WriteAllText(System.IO.Path.Combine(Path, "StingBackup.psd1"), "@{ RootModule = 'StingBackup.psm1'; ModuleVersion = '0.1.0'; FunctionsToExport = 'Get-StingBackupConfig' }");
        File.WriteAllText(System.IO.Path.Combine(Path, "StingBackup.psm1"), $"function Get-StingBackupConfig {{\n{function}\n}}");
        File.Copy(System.IO.Path.Combine(Repository.Module, "StingBackup.Format.ps1xml"), System.IO.Path.Combine(Path, "StingBackup.Format.ps1xml"));
    }

    /// <summary>Its folder.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
