using Microsoft.Playwright;

namespace StingBackup.Portal.Tests.Support;

/// <summary>The system's Chromium, one for all tests of a collection.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;

    /// <summary>Why browser tests are skipped; null where they run.</summary>
    public static string? Missing => Executable is null ? "no Chromium is installed" : null;

    private static string? Executable => Places.FirstOrDefault(File.Exists);

    public IBrowser Chromium { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Missing is null)
        {
            _playwright = await Playwright.CreateAsync();
            Chromium = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable, Args = ["--no-sandbox", "--disable-gpu"] });
        }
    }

    public async Task DisposeAsync()
    {
        if (Chromium is not null)
        {
            await Chromium.DisposeAsync();
        }
        _playwright?.Dispose();
    }

    /// <summary>A page of a browser that nobody else uses. Colours are there at once: one that is on its way to another is read by nobody, and by axe.</summary>
    public async Task<IPage> PageAsync(ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 800) =>
        await (await Chromium.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce, ViewportSize = new ViewportSize { Width = width, Height = height } })).NewPageAsync();

    /// <summary>Keeps a picture of the page among the build's output.</summary>
    public static Task ShotAsync(IPage page, string name) =>
        page.ScreenshotAsync(new PageScreenshotOptions { FullPage = true, Path = Path.Combine(AppContext.BaseDirectory, "screenshots", name + ".png") });
}

/// <summary>Tests in a browser share one.</summary>
[CollectionDefinition("browser")]
public sealed class BrowserCollection : ICollectionFixture<Browser>;

/// <summary>Those of administrators' pages have another, and run beside the first.</summary>
[CollectionDefinition("browser of administrators")]
public sealed class AdminBrowserCollection : ICollectionFixture<Browser>;

/// <summary>Those over a whole STING, which is slow to make, have one more.</summary>
[CollectionDefinition("browser of the whole site")]
public sealed class SiteBrowserCollection : ICollectionFixture<Browser>;

/// <summary>A test that needs Chromium.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.Missing;
}
