export { type Campaign, campaignCosts } from "./campaign.js";
export { type CampaignEvaluation, evaluateCampaign } from "./evaluate.js";
export { type CampaignPlan, planCampaign } from "./plan.js";
