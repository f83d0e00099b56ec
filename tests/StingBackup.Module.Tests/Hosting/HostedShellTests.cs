using System.Globalization;

namespace StingBackup.Module.Tests.Hosting;

public sealed class HostedShellTests
{
    [CulturedFact]
    public void Commands_run_in_the_test_s_culture()
    {
        using var shell = new HostedShell();
        Assert.Equal(
            [CultureInfo.CurrentCulture.Name, CultureInfo.CurrentUICulture.Name],
            shell.Run("[cultureinfo]::CurrentCulture.Name; [cultureinfo]::CurrentUICulture.Name").Succeeded().Objects<string>());
    }
}
