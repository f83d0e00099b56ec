using System.Threading.Channels;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Lifecycle.Pruning;

namespace StingBackup.Engine.Tests.Lifecycle.Pruning;

/// <summary>Which sessions can write nothing any more: what they may use is kept until then.</summary>
public sealed class PruneSurveyTests
{
    [Fact]
    public async Task A_session_has_ended_with_a_later_point_of_its_host_or_where_the_host_was_revoked_before_it()
    {
        await using var hosts = new TwoHosts();
        hosts.Write(first: false, "users/9/a.txt", "content"u8);
        await hosts.BackupAsync(first: false);
        Assert.Equal((true, false, false), await EndedAsync(null));
        Assert.Equal((true, false, true), await EndedAsync(5));   // the last good session may have begun what counts

        async Task<(bool First, bool Fifth, bool Sixth)> EndedAsync(int? lastGood)
        {
            hosts.SecondLastGood = lastGood;
            var survey = await PruneSurvey.TakeAsync(hosts.Open(first: true), null, new JobOutput(Channel.CreateUnbounded<JobEvent>().Writer, default), default);
            Assert.True(survey.HasEnded(hosts.Test.Keys.Writer, 9));   // this host's own: none of its runs goes on beside a sweep
            return (survey.HasEnded(hosts.SecondWriter, 1), survey.HasEnded(hosts.SecondWriter, 5), survey.HasEnded(hosts.SecondWriter, 6));
        }
    }
}
