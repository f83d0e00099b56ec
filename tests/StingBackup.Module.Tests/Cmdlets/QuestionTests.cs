using StingBackup.Cmdlets.Abstractions;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class QuestionTests : IDisposable
{
    private readonly HostedShell _shell = new(null, typeof(InvokeFakeCommand));

    public void Dispose() => _shell.Dispose();

    private static FakeJob Job(bool destroys) => new()
    {
        Question = new Question("Restore", "Write 3 files into /srv", ["2 of them replace what stands there."], "the plan", destroys),
        Events = [new CompletedEvent("done")],
    };

    private ShellResult Run(bool destroys, string arguments = "", params string[] answers)
    {
        foreach (var answer in answers)
        {
            _shell.Host.Answers.Enqueue(answer);
        }
        return _shell.Run($"param($job) Invoke-StingFake -Job $job {arguments}", ("job", Job(destroys))).Succeeded();
    }

    [Fact]
    public void WhatIf_emits_the_plan_and_does_nothing()
    {
        Assert.Equal(["the plan"], Run(destroys: true, "-WhatIf").Objects<string>());
        Assert.Contains(_shell.Host.Lines, l => l.Contains("Write 3 files into /srv", StringComparison.Ordinal));
        Assert.Empty(_shell.Host.Questions);
    }

    [Fact]
    public void Force_does_not_overrule_WhatIf()
    {
        Assert.Equal(["the plan"], Run(destroys: true, "-Force -WhatIf").Objects<string>());
        Assert.Equal(["the plan"], _shell.Run("param($job) $WhatIfPreference = $true; Invoke-StingFake -Job $job -Force", ("job", Job(destroys: true))).Objects<string>());
    }

    [Fact]
    public void What_destroys_nothing_is_not_asked_about()
    {
        Assert.Equal(["done"], Run(destroys: false).Objects<string>());
        Assert.Empty(_shell.Host.Questions);
    }

    [Theory]
    [InlineData("y", 1)]
    [InlineData("n", 0)]
    public void What_destroys_is_asked_about_with_its_plan(string answer, int results)
    {
        Assert.Equal(results, Run(destroys: true, "", answer).Output.Count);
        var question = Assert.Single(_shell.Host.Questions);
        Assert.Contains("2 of them replace what stands there.", question, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Force")]
    [InlineData("-Confirm:$false")]
    public void Consent_given_beforehand_is_not_asked_for_again(string consent)
    {
        Assert.Equal(["done"], Run(destroys: true, consent).Objects<string>());
        Assert.Empty(_shell.Host.Questions);
    }

    [Theory]
    [InlineData("-Confirm")]
    [InlineData("-Confirm -Force")]
    public void Confirm_asks_once(string arguments)
    {
        Assert.Equal(["done"], Run(destroys: true, arguments, "y").Objects<string>());
        Assert.Single(_shell.Host.Questions);
    }

    [Theory]
    [InlineData("None", 0)]
    [InlineData("High", 1)]
    [InlineData("Medium", 1)]
    [InlineData("Low", 1)]
    public void The_session_s_preference_decides_and_nobody_is_asked_twice(string preference, int questions)
    {
        _shell.Host.Answers.Enqueue("y");
        var result = _shell.Run("param($job, $preference) $ConfirmPreference = $preference; Invoke-StingFake -Job $job", ("job", Job(destroys: true)), ("preference", preference));
        Assert.Equal(["done"], result.Succeeded().Objects<string>());
        Assert.Equal(questions, _shell.Host.Questions.Count);
    }

    [Fact]
    public void Where_nobody_answers_nothing_is_done()
    {
        var result = _shell.Run("param($job) Invoke-StingFake -Job $job", ("job", Job(destroys: true)));
        Assert.Contains("-Confirm:$false", result.FailedWith("ConsentNeeded").ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }
}
