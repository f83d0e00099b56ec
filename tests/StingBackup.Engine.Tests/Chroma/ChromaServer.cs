using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Chroma;

/// <summary>A real Chroma server: 1.0, the one that the npm registry holds for this C library. STING runs 0.5.20, whose API it keeps.</summary>
internal sealed class ChromaServer : IAsyncDisposable
{
    private readonly Process _process;

    private ChromaServer(Process process, string folder, int port) => (_process, Folder, Address) = (process, folder, new Uri($"http://127.0.0.1:{port}"));

    /// <summary>Why none can run here, or null.</summary>
    public static string? Missing { get; } = FindMissing();

    public Uri Address { get; }
    public string Folder { get; }
    public Process Process => _process;

    private static string Fixture => Path.Join(Golden.Root(), "tests", "fixtures", "chroma");

    public static async Task<ChromaServer> StartAsync(string folder)
    {
        var port = FreePorts.Next();
        // Ends with this process, however that ends: its input is closed then.
        var start = new ProcessStartInfo("bash", ["-c", "node \"$0\" \"$1\" \"$2\" </dev/null & read -r; kill $!", Path.Join(Fixture, "serve.cjs"), folder, $"{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var server = new ChromaServer(process, folder, port);
        using var client = server.Client(retries: 0);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await client.ReadVersionAsync(default);
                return server;
            }
            catch (StingException e) when (e.ErrorId == "ChromaUnreachable" && attempt < 100)
            {
                Assert.False(process.HasExited, process.HasExited ? await errors : "");
                await Task.Delay(100);
            }
        }
    }

    public ChromaClient Client(int retries = 4) => new(new ChromaOptions { Address = Address, Retries = retries, PageRecords = 50 }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string? FindMissing() =>
        !OperatingSystem.IsLinux() || !Directory.Exists(Path.Join(Fixture, "node_modules", "chromadb-js-bindings-linux-x64-gnu")) ? "No Chroma server is installed (npm install in tests/fixtures/chroma)."
        : !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Join(p, "node"))) ? "node is not on the path." : null;
}

/// <summary>Runs where a real Chroma server is installed; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromaFactAttribute : FactAttribute
{
    public ChromaFactAttribute() => Skip = ChromaServer.Missing;
}
