using StingBackup.Packager.Manual;

namespace StingBackup.Module.Tests.Packaging;

public sealed class ManualPageTests
{
    [Fact]
    public void A_page_has_each_command_and_nothing_of_its_text_is_taken_for_a_request()
    {
        var help = $"prog COMMAND\n\nCommands:\n  one  Does it\n{new string('-', 80)}\nprog one [--option value …]\n\n.starts with a dot\n'and a quote\n  C:\\folder\n";
        var page = ManualPages.Page("prog", "do it", help, SmallPackages.Options());
        Assert.StartsWith(".TH PROG 1 \"2023-11-14\" \"StingBackup 1.2.3\"", page, StringComparison.Ordinal);
        Assert.Contains("\n.SS prog one [\\-\\-option value ...]\n", page, StringComparison.Ordinal);
        Assert.Contains("\n\\&.starts with a dot\n\\&'and a quote\n  C:\\efolder\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page.Split('\n'), line => line.StartsWith('\''));
    }
}
