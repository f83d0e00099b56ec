using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace StingBackup.Portal.Tests.Support;

/// <summary>A web server on a free port of the loopback address that stands in for another's.</summary>
internal abstract class Double : IAsyncDisposable
{
    private readonly WebApplication _app;

    protected Double()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
    }

    public string Address { get; private set; } = "";

    protected abstract void Map(WebApplication app);

    protected async Task BeginAsync()
    {
        Map(_app);
        await _app.StartAsync();
        Address = _app.Urls.First();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
