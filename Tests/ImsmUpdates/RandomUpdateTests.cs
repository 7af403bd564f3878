using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class RandomUpdateTests
{
    private const int Sequences = 1000;
    private const int Steps = 40;

    [Fact]
    public void Ten_thousand_random_valid_updates_do_what_a_second_model_foretells()
    {
        var applied = 0;
        var step =
            from what in Gen.Choose(0, 11)
            from a in Gen.Choose(0, 99)
            from b in Gen.Choose(0, 99)
            from c in Gen.Choose(0, 99)
            select (what, a, b, c);

        Prop.ForAll(Gen.ArrayOf(step, Steps).ToArbitrary(), steps => applied += Run(steps))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Sequences));

        Assert.True(applied >= 10_000, $"only {applied} updates were valid");
    }

    private static int Run((int What, int A, int B, int C)[] steps)
    {
        var second = new SecondModel();
        var container = SecondModel.Empty();
        var applied = 0;
        foreach (var (what, a, b, c) in steps)
        {
            if (what == 11)
            {
                container = second.Finish(container);
            }
            else if (second.Choose(what, a, b, c) is { } update)
            {
                container = container.After(update);
                applied++;
            }

            Invariants.Hold(container, SecondModel.Disks);
            second.Agrees(container);
        }

        return applied;
    }
}
