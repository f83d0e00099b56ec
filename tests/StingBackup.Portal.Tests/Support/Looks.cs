using Microsoft.Playwright;

namespace StingBackup.Portal.Tests.Support;

/// <summary>
/// Looks at a page as everybody sees it: by axe, and whether it is wider than the screen. With STING_SOAK (tests/soak/8-pages.sh) by all rules in light and dark, at a desk and on a phone, with a picture of each. Without, by all
/// rules in light at a desk; and its colours in dark on a phone where it is one of those that have between them every part that pages are made of, and are pictured.
/// </summary>
internal static class Looks
{
    private const int Phone = 390, Desk = 1280, Height = 844;
    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("STING_SOAK") is { Length: > 0 };

    /// <summary>What is wrong with the page that is open; nothing where all is well.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">What it is called, for pictures and people.</param>
    /// <param name="isPictured">Whether it is looked at in both schemes, and pictured, in the short form too.</param>
    public static async Task<IReadOnlyList<string>> ProblemsAsync(IPage page, string name, bool isPictured = false)
    {
        var wrong = new List<string>();
        foreach (var (scheme, width) in IsWhole ? [(ColorScheme.Light, Desk), (ColorScheme.Light, Phone), (ColorScheme.Dark, Phone), (ColorScheme.Dark, Desk)] : ((ColorScheme, int)[])[(ColorScheme.Light, Desk), (ColorScheme.Dark, Phone)])
        {
            var (isFirst, shown) = (scheme == ColorScheme.Light && width == Desk, $"{name}-{(width == Phone ? "phone" : "desktop")}-{scheme.ToString().ToLowerInvariant()}");
            await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            await page.SetViewportSizeAsync(width, Height);
            if (IsWhole || isFirst || isPictured)
            {
                wrong.AddRange((await AxeRules.BrokenAsync(page, IsWhole || isFirst ? AxeRules.All : AxeRules.Looks)).Select(broken => $"{shown}: {broken}"));
            }
            if (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - window.innerWidth") is > 0 and var over)
            {
                wrong.Add($"{shown} is {over} pixels wider than the screen");
            }
            if (IsWhole || isPictured)
            {
                await Browser.ShotAsync(page, shown);
            }
        }
        await page.SetViewportSizeAsync(Desk, Height);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
        return wrong;
    }

    /// <summary>The same, and nothing may be.</summary>
    public static async Task CheckAsync(IPage page, string name, bool isPictured = false) => Assert.Empty(await ProblemsAsync(page, name, isPictured));
}
