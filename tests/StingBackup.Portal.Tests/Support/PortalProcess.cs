using System.Diagnostics;
using System.Net;

namespace StingBackup.Portal.Tests.Support;

/// <summary>The portal's program as a process of its own, over the reserve of a site.</summary>
internal sealed class PortalProcess : IAsyncDisposable
{
    private readonly Process _process;

    private PortalProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<PortalProcess> StartAsync(PortalSite site)
    {
        var file = site.ConfigurationFile + ".process.yaml";
        File.WriteAllText(file, File.ReadAllText(site.ConfigurationFile).Replace("\nportal:\n", $"\nportal:\n  address: http://127.0.0.1:{PortalSite.FreePort()}\n", StringComparison.Ordinal));
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "out", "portal", OperatingSystem.IsWindows() ? "sting-portal.exe" : "sting-portal");
        var process = Process.Start(new ProcessStartInfo(program, ["--config", file]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteLineAsync();
        await process.StandardInput.FlushAsync();
        var line = await process.StandardOutput.ReadLineAsync();
        Assert.StartsWith("listening ", line, StringComparison.Ordinal);
        return new PortalProcess(process, new Uri(line!["listening ".Length..]));
    }

    /// <summary>A link of the site's, at this address.</summary>
    public Uri At(Uri link) => new(Address, link.PathAndQuery);

    public HttpClient Client() => new(new SocketsHttpHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };

    public long Memory()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        _process.Dispose();
    }
}
