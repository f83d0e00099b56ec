using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace StingBackup.Portal.Tests.Support;

/// <summary>axe, run in the page itself: it has no frames, and what is right about it need not be told at length.</summary>
internal static class AxeRules
{
    /// <summary>WCAG 2.2 AA, as far as a program can tell.</summary>
    public static readonly object All = new { resultTypes = new[] { "violations" }, runOnly = new { type = "tag", values = new[] { "wcag2a", "wcag2aa", "wcag21aa", "wcag22aa" } } };

    /// <summary>What another colour scheme or width changes of a page that was looked at whole.</summary>
    public static readonly object Looks = new { resultTypes = new[] { "violations" }, runOnly = new { type = "rule", values = new[] { "color-contrast", "link-in-text-block", "target-size" } } };

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    /// <summary>What breaks some rules, and where; nothing where all is well.</summary>
    public static async Task<IReadOnlyList<string>> BrokenAsync(IPage page, object rules)
    {
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await page.EvaluateAsync(Script);
        }
        return await page.EvaluateAsync<string[]>("async rules => (await axe.run(document, rules)).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join('; '))", rules);
    }
}
