using ActorRaid.Tests.Lab;
using Xunit;

namespace ActorRaid.Tests.Recording;

/// <summary>The writer against random schedules. ACTORRAID_SEED=N replays one, ACTORRAID_SCHEDULES=N lives so many.</summary>
public sealed class CommitWriterTests
{
    [Fact]
    public void Whatever_disks_and_writes_do_the_rules_hold_and_every_commit_ends()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("ACTORRAID_SEED"), out var seed))
        {
            new Schedule(seed).Run();
            return;
        }

        var schedules = int.TryParse(Environment.GetEnvironmentVariable("ACTORRAID_SCHEDULES"), out var wanted) ? wanted : GuestLab.Soak ? 1_000_000 : 10_000;
        Parallel.For(0, schedules, (number, loop) =>
        {
            try
            {
                new Schedule(number).Run();
            }
            catch (Exception)
            {
                loop.Stop();
                throw;
            }
        });
    }
}
