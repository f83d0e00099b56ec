using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace StingBackup.Portal.Tests.Support;

/// <summary>
/// Looks at a page as everybody sees it: by axe, in light at a desk and in dark on a phone, where nothing may be wider than the screen. With STING_SOAK (tests/soak/8-pages.sh) all rules in each scheme and at each width, with
/// a picture of each; without, what a scheme does not change is looked at once, and few pictures are kept.
/// </summary>
internal static class Looks
{
    private const int Phone = 390;
    private static readonly bool IsWhole = Environment.GetEnvironmentVariable("STING_SOAK") is { Length: > 0 };

    /// <summary>What is wrong with the page that is open; nothing where all is well.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">What it is called, for pictures and people.</param>
    /// <param name="isPictured">Whether pictures are kept in the short form too.</param>
    public static async Task<IReadOnlyList<string>> ProblemsAsync(IPage page, string name, bool isPictured = false)
    {
        var wrong = new List<string>();
        foreach (var (scheme, width) in IsWhole ? [(ColorScheme.Light, 1280), (ColorScheme.Light, Phone), (ColorScheme.Dark, Phone), (ColorScheme.Dark, 1280)] : ((ColorScheme, int)[])[(ColorScheme.Light, 1280), (ColorScheme.Dark, Phone)])
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            await page.SetViewportSizeAsync(width, 844);
            var shown = $"{name}-{(width == Phone ? "phone" : "desktop")}-{scheme.ToString().ToLowerInvariant()}";
            var isFirst = scheme == ColorScheme.Light && width != Phone;
            wrong.AddRange((await page.RunAxe(IsWhole || isFirst ? AxeRules.All : AxeRules.Looks)).Violations.Select(v => $"{shown}: {v.Id}: {string.Join("; ", v.Nodes.Select(n => n.Html))}"));
            if (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - window.innerWidth") is > 0 and var over)
            {
                wrong.Add($"{shown} is {over} pixels wider than the screen");
            }
            if (IsWhole || isPictured)
            {
                await Browser.ShotAsync(page, shown);
            }
        }
        await page.SetViewportSizeAsync(1280, 844);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
        return wrong;
    }

    /// <summary>The same, and nothing may be.</summary>
    public static async Task CheckAsync(IPage page, string name, bool isPictured = false) => Assert.Empty(await ProblemsAsync(page, name, isPictured));
}
