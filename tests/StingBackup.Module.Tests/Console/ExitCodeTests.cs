using System.Management.Automation;
using StingBackup.Console;

namespace StingBackup.Module.Tests.Console;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(FailureKind.InvalidArgument, 2)]
    [InlineData(FailureKind.InvalidConfiguration, 2)]
    [InlineData(FailureKind.NotFound, 1)]
    [InlineData(FailureKind.AlreadyExists, 1)]
    [InlineData(FailureKind.Refused, 4)]
    [InlineData(FailureKind.Authentication, 4)]
    [InlineData(FailureKind.PermissionDenied, 1)]
    [InlineData(FailureKind.Integrity, 5)]
    [InlineData(FailureKind.Io, 1)]
    [InlineData(FailureKind.ResourceExhausted, 1)]
    [InlineData(FailureKind.Busy, 1)]
    [InlineData(FailureKind.NotSupported, 1)]
    public void A_failure_s_kind_decides(FailureKind kind, int code)
    {
        var error = new StingException("X", kind, "x", null, "y");
        Assert.Equal(code, (int)ExitCodes.Of(error));
        Assert.Equal(code, (int)ExitCodes.Of(new CmdletInvocationException("wrapped", error)));
    }

    [Fact]
    public void Every_kind_is_decided() => Assert.Equal(12, Enum.GetValues<FailureKind>().Length);

    [Fact]
    public void Words_that_PowerShell_does_not_take_are_bad_usage() => Assert.Equal(ExitCode.BadUsage, ExitCodes.Of(new ParameterBindingException("no")));

    [Theory]
    [InlineData(JobState.Completed, 0)]
    [InlineData(JobState.CompletedWithErrors, 3)]
    [InlineData(JobState.Failed, 1)]
    [InlineData(JobState.Cancelled, 1)]
    public void A_result_s_state_decides(JobState state, int code) => Assert.Equal(code, (int)ExitCodes.OfOutput(new RestoreResult
    {
        State = state, BackupIds = [], Destination = "", ItemsRestored = 0, ItemsUnchanged = 0, ItemsSkipped = 0, Errors = 0, BytesRestored = 0, Duration = TimeSpan.Zero,
    }));

    [Fact]
    public void An_integrity_fault_outweighs_everything()
    {
        Assert.All(Enum.GetValues<ExitCode>(), c => Assert.Equal(ExitCode.IntegrityFault, ExitCodes.Worse(c, ExitCode.IntegrityFault)));
        Assert.All(Enum.GetValues<ExitCode>(), c => Assert.Equal(c, ExitCodes.Worse(ExitCode.Done, c)));
    }
}
