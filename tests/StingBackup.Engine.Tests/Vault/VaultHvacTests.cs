using System.Diagnostics;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>The stand-in by the eyes of hvac, a client that others wrote (Debian's python3-hvac).</summary>
public sealed class VaultHvacTests
{
    /// <summary>The system's Python: Debian's packages are not seen by others on the path.</summary>
    private const string Python = "/usr/bin/python3";

    [HvacFact]
    public async Task Hvac_finds_what_it_expects()
    {
        await using var server = await VaultStandIn.StartAsync();
        server.Mount("sting");
        server.MountTransit();
        var (code, output) = await RunAsync(Path.Combine(AppContext.BaseDirectory, "Vault", "hvac_contract.py"), server.Address.ToString().TrimEnd('/'), VaultStandIn.RootToken);
        Assert.True(code == 0 && output.Contains("hvac agrees", StringComparison.Ordinal), output);
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("VAULT_ADDR");
        start.Environment.Remove("VAULT_NAMESPACE");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }

    /// <summary>Runs where python3-hvac is installed; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class HvacFactAttribute : FactAttribute
    {
        public HvacFactAttribute() => Skip = File.Exists(Python) && Directory.Exists("/usr/lib/python3/dist-packages/hvac") ? null : "python3-hvac is not installed.";
    }
}
